import {
  ColumnNode,
  IdentifierNode,
  OperationNodeTransformer,
  ReferenceNode,
  type BinaryOperationNode,
  type KyselyPlugin,
  type OperationNode,
} from "kysely";
import type { Database, OpenedDatabase } from "../../src/store/database.ts";

/**
 * A database for whose tenants the first wall is gone: in what is done for one, no query asks whose a row is, and every row says
 * that it is that tenant's. What is not done for a tenant is as it was.
 */
export function withoutFirstWall<D extends OpenedDatabase>(database: D): D {
  return { ...database, forTenant: (tenantId) => forgetful(database.forTenant(tenantId), tenantId) };
}

function forgetful(database: Database, tenantId: string): Database {
  const plugin = forgetting(tenantId);
  return {
    ...database,
    read: (work) => database.read((queries) => work(queries.withPlugin(plugin))),
    write: (work) => database.write((queries) => work(queries.withPlugin(plugin))),
  };
}

function forgetting(tenantId: string): KyselyPlugin {
  const forgetter = new Forgetter();
  return {
    transformQuery: ({ node, queryId }) => forgetter.transformNode(node, queryId),
    transformResult: ({ result }) =>
      Promise.resolve({
        ...result,
        rows: result.rows.map((row) => ("tenant_id" in row ? { ...row, tenant_id: tenantId } : row)),
      }),
  };
}

/** Compares the column with itself. */
class Forgetter extends OperationNodeTransformer {
  protected override transformBinaryOperation(node: BinaryOperationNode): BinaryOperationNode {
    const same = super.transformBinaryOperation(node);
    return isTenant(same.leftOperand) ? { ...same, rightOperand: same.leftOperand } : same;
  }
}

function isTenant(node: OperationNode): boolean {
  if (!ReferenceNode.is(node) || !ColumnNode.is(node.column)) return false;
  const { column } = node.column;
  return IdentifierNode.is(column) && column.name === "tenant_id";
}
