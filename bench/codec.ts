/**
 * How fast are requests taken off the wire and answers put on it? The protocol of Redis and the text protocol, in chunks
 * of 64 requests as pipelining clients send them, one core and no store behind it. No timing is a test.
 */
import { ByteWriter, utf8 } from '../src/lib/bytes.ts';
import { assert } from '../src/lib/assert.ts';
import { LINE_BYTES_MAX } from '../src/node/file-chunks.ts';
import { LineReader } from '../src/protocol/lines.ts';
import { readKey, readPath, readRecords } from '../src/protocol/requests.ts';
import { ReplyWriter } from '../src/protocol/resp/reply-writer.ts';
import { RequestReader } from '../src/protocol/resp/request-reader.ts';
import { alone, type Row } from './measure/answer.ts';
import { keyOf, resp } from './measure/client.ts';
import { perSecond } from './measure/loop.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';

const CHUNK = 64;
const VALUE = 'v'.repeat(64);
const DOCUMENT = `[ ${Array.from({ length: 20 }, (_, i) => `"field${i}" -> "value number ${i}"`).join(' | ')} ]`;

let requests = 0;
const wire = new RequestReader({
  onRequest: () => ++requests > 0,
  onBroken: (message) => assert(false, message),
  isTrusted: () => true,
});
/** What stands behind the verb is read by `read`. */
function lineReader(
  verb: string,
  read: (bytes: Uint8Array, start: number, end: number) => { ok: boolean },
): LineReader {
  return new LineReader(LINE_BYTES_MAX, {
    onLine: (bytes, start, end) => {
      assert(read(bytes, start + verb.length + 1, end).ok, 'the lines are well formed');
      return ++requests > 0;
    },
    onTooLong: () => assert(false, 'the lines are short'),
  });
}

const reply = new ReplyWriter(new ByteWriter(1 << 16));
const value = utf8(VALUE);
const get = lineReader('GET', readKey);
const query = lineReader('QUERY', readPath);
const put = lineReader('PUT', readRecords);
const chunk = (request: (key: string) => string): Uint8Array =>
  utf8(Array.from({ length: CHUNK }, (_, i) => request(keyOf(i))).join(''));
const chunks = {
  set: chunk((key) => resp('SET', key, VALUE)),
  get: chunk((key) => resp('GET', key)),
  getLine: chunk((key) => `GET ${key}\n`),
  queryLine: chunk((key) => `QUERY ${key.replace(':', '_')}.address.number\n`),
  putLine: chunk((key) => `PUT "${key}" -> ${DOCUMENT}\n`),
};

const figures = await interleaved({
  'RESP: SET of 64 bytes, read': each(() => wire.push(chunks.set)),
  'RESP: GET, read': each(() => wire.push(chunks.get)),
  'RESP: a bulk of 64 bytes, written': each(() => {
    reply.writer.reset();
    for (let i = 0; i < CHUNK; i++) reply.bulk(value);
  }),
  'text: GET, read': each(() => get.push(chunks.getLine)),
  'text: QUERY, read': each(() => query.push(chunks.queryLine)),
  'text: PUT of 20 fields, read': each(() => put.push(chunks.putLine)),
});
assert(requests > 0, 'requests were read');
const rows: Row[] = Object.entries(figures).map(([name, rates]) => alone(name, '/s', rates));
report({ question: 'codec', title: 'Protocols, one core', rows, notes: [] });

function each(work: () => void): () => number {
  return () => perSecond(work) * CHUNK;
}
