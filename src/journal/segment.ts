import { rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeAll, type DurableFile, type OpenFile } from "./durable-file.ts";
import { segmentName } from "./folder.ts";
import { encodeHeader, HEADER_LENGTH, type SegmentHeader } from "./segment-format.ts";

/** The segment that is being written. */
export interface Segment {
  header: SegmentHeader;
  /** Everything before it is on disk. */
  end(): number;
  /** On disk when this resolves. After a failure the segment must not be written again: what is on disk is not known. */
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Room that a new segment has to find, so that a full disk is not taken for one that takes entries again. */
const ROOM = 64 * 1024;

/** Makes a new file in the folder; a crash afterwards does not take it away. Leaves none when it fails. */
export async function createSegment(open: OpenFile, folder: string, header: SegmentHeader): Promise<Segment> {
  const path = join(folder, segmentName(header.number));
  const file = await open(path, "wx", 0o600);
  try {
    await writeAll(file, Buffer.concat([encodeHeader(header), new Uint8Array(ROOM)]), 0);
    await file.datasync();
    await file.truncate(HEADER_LENGTH);
    await file.datasync();
    await syncFolder(open, folder);
    return segmentIn(file, header);
  } catch (error) {
    await Promise.allSettled([file.close(), rm(path, { force: true })]);
    throw error;
  }
}

function segmentIn(file: DurableFile, header: SegmentHeader): Segment {
  let end = HEADER_LENGTH;
  return {
    header,
    end: () => end,
    append: async (bytes) => {
      await writeAll(file, bytes, end);
      await file.datasync();
      end += bytes.length;
    },
    close: () => file.close(),
  };
}
