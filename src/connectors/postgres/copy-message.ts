/** Types of the PostgreSQL protocol's messages that occur while copying. */
export const messageType = { copyData: 0x64, copyDone: 0x63, copyFail: 0x66, error: 0x45 } as const;

/** A type of one byte, and a length of four that counts itself and the body. */
export const messageHeaderBytes = 5;

/** @param bodyBytes length of what follows */
export function messageHeader(type: number, bodyBytes: number): Buffer {
  const header = Buffer.alloc(messageHeaderBytes, type);
  header.writeInt32BE(bodyBytes + messageHeaderBytes - 1, 1);
  return header;
}
