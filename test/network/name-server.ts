import { createSocket } from "node:dgram";
import { Resolver, type LookupAddress } from "node:dns";
import { onTestFinished } from "vitest";
import type { Lookup } from "../../src/network/guard.ts";

/** A resource record. `data` is an address, or the name that a CNAME leads to. */
export interface NameRecord {
  name: string;
  type: "A" | "AAAA" | "CNAME";
  data: string;
}

export interface Question {
  name: string;
  type: string;
}

export interface NameServer {
  /** What it was asked, in order. */
  questions: Question[];
  /** Asks it for both kinds of addresses, as the system asks its name server. */
  lookup: Lookup;
}

const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;

/** A name server (RFC 1035) over UDP for the running test. Every record may be kept for no time at all. */
export async function startNameServer(
  answer: (question: Question, asked: number) => NameRecord[],
): Promise<NameServer> {
  const questions: Question[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { question, end } = readQuestion(query);
    questions.push(question);
    const asked = questions.filter(({ name, type }) => name === question.name && type === question.type).length;
    socket.send(answerTo(query.subarray(0, end), answer(question, asked)), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => socket.close(resolve)));
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return { questions, lookup: lookupThrough(resolver) };
}

function lookupThrough(resolver: Resolver): Lookup {
  return (hostname, _options, callback) => {
    ask(resolver, hostname, 4, (four) =>
      ask(resolver, hostname, 6, (six) => {
        const addresses = [...four, ...six];
        const unknown = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
        callback(addresses.length === 0 ? unknown : null, addresses);
      }),
    );
  };
}

function ask(resolver: Resolver, hostname: string, family: 4 | 6, tell: (found: LookupAddress[]) => void): void {
  const take = (error: Error | null, found: string[]): void =>
    tell(error ? [] : found.map((address) => ({ address, family })));
  if (family === 4) resolver.resolve4(hostname, take);
  else resolver.resolve6(hostname, take);
}

/** RFC 1035 §4.1.2; a query holds one question, after a header of 12 bytes. */
function readQuestion(query: Buffer): { question: Question; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = Object.entries(TYPES).find(([, value]) => value === number)?.[0] ?? String(number);
  return { question: { name: labels.join(".").toLowerCase(), type }, end: at + 5 };
}

/** RFC 1035 §4.1.1: an answer (0x8180) to the one question, with so many records and nothing else. */
function answerTo(query: Buffer, records: readonly NameRecord[]): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(12), ...records.map(encodeRecord)]);
}

function encodeRecord({ name, type, data }: NameRecord): Buffer {
  const bytes = type === "CNAME" ? encodeName(data) : encodeAddress(data);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(bytes.length, 8);
  return Buffer.concat([encodeName(name), fixed, bytes]);
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")]));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

function encodeAddress(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [before = "", after = ""] = address.split("::", 2);
  const [front, back] = [groups(before), groups(after)];
  const zeros = Array<number>(8 - front.length - back.length).fill(0);
  return Buffer.from([...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 255]));
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
