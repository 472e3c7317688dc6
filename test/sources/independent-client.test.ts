import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type InboundResponse, Message } from "node-hl7-client";
import { generate } from "selfsigned";
import { afterAll, beforeAll, expect, it } from "vitest";
import { adt, startPeerTests } from "./mllp-peer.ts";

let peer: Awaited<ReturnType<typeof startPeerTests>>;
const folder = mkdtempSync(join(tmpdir(), "chartbridge-client-"));
beforeAll(async () => {
  peer = await startPeerTests();
});
afterAll(async () => {
  await peer.closeListeners();
  await peer.end();
  rmSync(folder, { recursive: true, force: true });
});

it("a client that is not ours (node-hl7-client) sends over TLS with its certificate and reads our answers", async () => {
  const made = async (name: string) => {
    const { cert, private: key } = await generate([{ name: "commonName", value: name }], { keySize: 2048, algorithm: "sha256" });
    const files = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    writeFileSync(files.certificate, cert);
    writeFileSync(files.key, key);
    return { cert, key, files };
  };
  const [engine, sender] = [await made("engine"), await made("sender")];
  const tls = { ...engine.files, authorities: sender.files.certificate, clientCertificate: "required" as const, subjects: ["sender"] };
  const { port, status } = await peer.listen({ mllp: { port: 0, tls } });

  const client = new Client({
    host: "127.0.0.1",
    tls: { ca: engine.cert, cert: sender.cert, key: sender.key, checkServerIdentity: () => undefined },
  });
  const heard: string[] = [];
  const connection = client.createConnection({ port }, (response: InboundResponse) => {
    const message = response.getMessage();
    heard.push(`${message.get("MSA.1").toString()} ${message.get("MSA.2").toString()}`);
  });
  const ids = Array.from({ length: 20 }, (_, n) => `foreign-${n}`);
  for (const id of ids) {
    await connection.sendMessage(new Message({ text: adt(id) }));
    await expect.poll(() => heard.at(-1)).toBe(`AA ${id}`);
  }
  expect(heard).toEqual(ids.map((id) => `AA ${id}`));
  // It opens a second connection that it does not use.
  const used = status().connections.filter(({ frames }) => frames > 0);
  expect(used.map(({ certificate, frames }) => ({ certificate, frames }))).toEqual([{ certificate: "sender", frames: 20 }]);
  await connection.close();
});
