// A peer for the interoperability tests, on gRPC's JavaScript library. It shares no code with Pintle.
//
//     grpc_js_peer.js server --port N [--use_tls --tls_cert_file F --tls_key_file F]
//     grpc_js_peer.js client --server_host H --server_port N --test_case NAME[,NAME...] [--use_tls --ca_file F ...]
//
// The flags are those of the other languages' interop programs. The client prints a line per case, NAME ok SECONDS or
// NAME FAILED SECONDS WHY, and exits with 0 when all passed. NODE_PATH says where the library is.
'use strict';

const assert = require('assert/strict');
const fs = require('fs');
const path = require('path');
const {setTimeout: sleep} = require('timers/promises');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const contract = grpc.loadPackageDefinition(
  protoLoader.loadSync('grpc/testing/test.proto', {
    includeDirs: [path.join(__dirname, '..', '..', '..', 'proto')],
    keepCase: true,
    defaults: true,
    enums: String,
  })
).grpc.testing;

const ECHO_INITIAL = 'x-grpc-test-echo-initial';
const ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin';
const SPECIAL_MESSAGE = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n';
const REQUEST_SIZES = [27182, 8, 1828, 45904];
const RESPONSE_SIZES = [31415, 9, 2653, 58979];
const LARGE_REQUEST = 271828;
const LARGE_RESPONSE = 314159;

const payload = (size) => ({type: 'COMPRESSABLE', body: Buffer.alloc(size)});

// ---------------------------------------------------------------------------------------------------- server

// Sends the one, and returns the other for the end of the call.
function echoMetadata(call) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of call.metadata.get(ECHO_INITIAL)) initial.add(ECHO_INITIAL, value);
  for (const value of call.metadata.get(ECHO_TRAILING)) trailing.add(ECHO_TRAILING, value);
  call.sendMetadata(initial);
  return trailing;
}

// The status that the client asked for; null when it asked for none.
function wantedStatus(request, metadata) {
  const wanted = request.response_status;
  return wanted && wanted.code ? {code: wanted.code, details: wanted.message, metadata} : null;
}

async function respond(call, request) {
  for (const parameters of request.response_parameters) {
    if (parameters.interval_us) await sleep(parameters.interval_us / 1000);
    await new Promise((written) => call.write({payload: payload(parameters.size)}, written));
  }
}

// One method for both kinds of duplex call: `requests` says when what came is answered.
async function duplex(call, requests) {
  const trailing = echoMetadata(call);
  for await (const request of requests) {
    const status = wantedStatus(request, trailing);
    if (status) {
      call.emit('error', status);
      return;
    }
    await respond(call, request);
  }
  call.end(trailing);
}

// A plain `for await` would close the writing half too at the end of the reading one.
const arriving = (call) => call.iterator({destroyOnReturn: false});

async function* gathered(call) {
  const requests = [];
  for await (const request of arriving(call)) requests.push(request);
  yield* requests;
}

// A client that cancels or runs out of time breaks the reading off: there is nobody left to tell.
const untilGone = (call, work) => work.catch((error) => call.cancelled || call.emit('error', error));

const service = {
  EmptyCall(call, done) {
    done(null, {}, echoMetadata(call));
  },
  UnaryCall(call, done) {
    const trailing = echoMetadata(call);
    const status = wantedStatus(call.request, trailing);
    if (status) done(status);
    else done(null, {payload: payload(call.request.response_size)}, trailing);
  },
  CacheableUnaryCall(call, done) {
    service.UnaryCall(call, done);
  },
  StreamingOutputCall(call) {
    const trailing = echoMetadata(call);
    const status = wantedStatus(call.request, trailing);
    if (status) call.emit('error', status);
    else untilGone(call, respond(call, call.request).then(() => call.end(trailing)));
  },
  StreamingInputCall(call, done) {
    const trailing = echoMetadata(call);
    let size = 0;
    call.on('data', (request) => (size += request.payload.body.length));
    call.on('end', () => done(null, {aggregated_payload_size: size}, trailing));
    call.on('error', () => {});
  },
  FullDuplexCall(call) {
    untilGone(call, duplex(call, arriving(call)));
  },
  HalfDuplexCall(call) {
    untilGone(call, duplex(call, gathered(call)));
  },
};

function runServer(flags) {
  const server = new grpc.Server();
  server.addService(contract.TestService.service, service);
  const credentials = flags.use_tls
    ? grpc.ServerCredentials.createSsl(null, [
        {cert_chain: fs.readFileSync(flags.tls_cert_file), private_key: fs.readFileSync(flags.tls_key_file)},
      ])
    : grpc.ServerCredentials.createInsecure();
  server.bindAsync(`[::]:${flags.port}`, credentials, (error, port) => {
    if (error) throw error;
    console.log(`listening on port ${port}`);
  });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.forceShutdown());
}

// ---------------------------------------------------------------------------------------------------- client

// {response, initial, trailing} of a unary call; rejects with its status.
function unary(stub, method, request, metadata = new grpc.Metadata(), options = {}) {
  return new Promise((resolve, reject) => {
    let response, initial;
    stub[method](request, metadata, options, (error, value) => (error ? reject(error) : (response = value)))
      .on('metadata', (value) => (initial = value))
      .on('status', (status) => status.code === 0 && resolve({response, initial, trailing: status.metadata}));
  });
}

async function expectStatus(promise, code, message) {
  let status;
  try {
    await promise;
  } catch (error) {
    if (!('code' in error)) throw error;
    status = error;
  }
  assert.ok(status, `the call passed; ${grpc.status[code]} was wanted`);
  assert.equal(grpc.status[status.code], grpc.status[code], `status code (${status.details})`);
  if (message !== undefined) assert.equal(status.details, message, 'status message');
}

const largeRequest = (fields = {}) => ({
  response_type: 'COMPRESSABLE',
  response_size: LARGE_RESPONSE,
  payload: payload(LARGE_REQUEST),
  ...fields,
});

const outputRequest = (requestSize, ...responseSizes) => ({
  response_type: 'COMPRESSABLE',
  response_parameters: responseSizes.map((size) => ({size})),
  payload: payload(requestSize),
});

function expectPayload(response, size) {
  assert.equal(response.payload.type, 'COMPRESSABLE', 'payload type');
  assert.equal(response.payload.body.length, size, 'payload size');
  assert.ok(response.payload.body.equals(Buffer.alloc(size)), 'the payload is not all zeros');
}

const reader = (call) => call[Symbol.asyncIterator]();

async function nextPayload(responses, size) {
  const {done, value} = await responses.next();
  assert.ok(!done, 'the stream ended too early');
  expectPayload(value, size);
}

async function expectEnd(responses) {
  assert.equal((await responses.next()).done, true, 'one more response came');
}

// The aggregated size that the server counted, after the call has written all requests.
function streamingInput(stub, requests) {
  return new Promise((resolve, reject) => {
    const call = stub.StreamingInputCall((error, value) => (error ? reject(error) : resolve(value.aggregated_payload_size)));
    for (const request of requests) call.write(request);
    call.end();
  });
}

// A channel that compresses what expects to have come compressed, and nothing else.
function compressingStub(flags) {
  const interceptor = (options, nextCall) => {
    const call = new grpc.InterceptingCall(nextCall(options));
    const send = call.sendMessageWithContext.bind(call);
    const noCompress = 2; // WriteFlags.NoCompress, which the library doesn't export
    call.sendMessageWithContext = (context, message) => {
      const {compress} = message;
      delete message.compress;
      send({...context, flags: compress ? 0 : noCompress}, message);
    };
    return call;
  };
  return openStub(flags, {'grpc.default_compression_algorithm': 2, interceptors: [interceptor]});
}

async function soak(flags, stubOf) {
  const end = Date.now() + flags.soak_overall_timeout_seconds * 1000;
  const failures = [];
  for (let i = 0; i < flags.soak_iterations; ++i) {
    assert.ok(Date.now() < end, `time was up after ${i} of ${flags.soak_iterations} iterations`);
    const {stub, release} = stubOf();
    const started = Date.now();
    try {
      const fields = {response_size: +flags.soak_response_size, payload: payload(+flags.soak_request_size)};
      const {response} = await unary(stub, 'UnaryCall', largeRequest(fields));
      expectPayload(response, fields.response_size);
      const took = Date.now() - started;
      assert.ok(took <= flags.soak_per_iteration_max_acceptable_latency_ms, `it took ${took} ms`);
    } catch (error) {
      failures.push(`iteration ${i}: ${error.message}`);
    }
    release();
  }
  assert.ok(failures.length <= flags.soak_max_failures, `${failures.length} iterations failed; ${failures[0]}`);
}

const cases = {
  async empty_unary({stub}) {
    const {response} = await unary(stub, 'EmptyCall', {});
    assert.deepEqual({...response}, {}, 'response');
  },

  async large_unary({stub}) {
    expectPayload((await unary(stub, 'UnaryCall', largeRequest())).response, LARGE_RESPONSE);
  },

  async client_streaming({stub}) {
    const requests = REQUEST_SIZES.map((size) => ({payload: payload(size)}));
    assert.equal(await streamingInput(stub, requests), 74922, 'aggregated size');
  },

  async server_streaming({stub}) {
    const responses = reader(stub.StreamingOutputCall(outputRequest(0, ...RESPONSE_SIZES)));
    for (const size of RESPONSE_SIZES) await nextPayload(responses, size);
    await expectEnd(responses);
  },

  async ping_pong({stub}) {
    const call = stub.FullDuplexCall();
    const responses = reader(call);
    for (const [i, size] of REQUEST_SIZES.entries()) {
      call.write(outputRequest(size, RESPONSE_SIZES[i]));
      await nextPayload(responses, RESPONSE_SIZES[i]);
    }
    call.end();
    await expectEnd(responses);
  },

  async empty_stream({stub}) {
    const call = stub.FullDuplexCall();
    call.end();
    await expectEnd(reader(call));
  },

  async custom_metadata({stub}) {
    const sent = new grpc.Metadata();
    sent.set(ECHO_INITIAL, 'test_initial_metadata_value');
    sent.set(ECHO_TRAILING, Buffer.from('ababab', 'hex'));
    const check = (initial, trailing) => {
      assert.deepEqual(initial.get(ECHO_INITIAL), ['test_initial_metadata_value'], 'initial metadata');
      assert.deepEqual(trailing.get(ECHO_TRAILING), [Buffer.from('ababab', 'hex')], 'trailing metadata');
    };
    const {response, initial, trailing} = await unary(stub, 'UnaryCall', largeRequest(), sent);
    expectPayload(response, LARGE_RESPONSE);
    check(initial, trailing);

    const call = stub.FullDuplexCall(sent);
    const head = new Promise((resolve) => call.on('metadata', resolve));
    const status = new Promise((resolve) => call.on('status', resolve));
    const responses = reader(call);
    call.write(outputRequest(LARGE_REQUEST, LARGE_RESPONSE));
    await nextPayload(responses, LARGE_RESPONSE);
    call.end();
    await expectEnd(responses);
    check(await head, (await status).metadata);
  },

  async status_code_and_message({stub}) {
    const wanted = {response_status: {code: 2, message: 'test status message'}};
    await expectStatus(unary(stub, 'UnaryCall', wanted), grpc.status.UNKNOWN, wanted.response_status.message);
    const call = stub.FullDuplexCall();
    const responses = reader(call);
    call.end(wanted);
    await expectStatus(responses.next(), grpc.status.UNKNOWN, wanted.response_status.message);
  },

  async special_status_message({stub}) {
    const wanted = {response_status: {code: 2, message: SPECIAL_MESSAGE}};
    await expectStatus(unary(stub, 'UnaryCall', wanted), grpc.status.UNKNOWN, SPECIAL_MESSAGE);
  },

  async unimplemented_method({stub}) {
    await expectStatus(unary(stub, 'UnimplementedCall', {}), grpc.status.UNIMPLEMENTED);
  },

  async unimplemented_service({flags}) {
    const {stub, release} = openStub(flags, {}, contract.UnimplementedService);
    await expectStatus(unary(stub, 'UnimplementedCall', {}), grpc.status.UNIMPLEMENTED).finally(release);
  },

  async cancel_after_begin({stub}) {
    let call;
    const ended = new Promise((resolve, reject) => {
      call = stub.StreamingInputCall((error, value) => (error ? reject(error) : resolve(value)));
    });
    // The library sends the call's head a few turns later, and sends it all the same when it was cancelled before: nobody would
    // then reset the stream.
    setTimeout(() => call.cancel(), 10);
    await expectStatus(ended, grpc.status.CANCELLED);
  },

  async cancel_after_first_response({stub}) {
    const call = stub.FullDuplexCall();
    const responses = reader(call);
    call.write(outputRequest(REQUEST_SIZES[0], RESPONSE_SIZES[0]));
    await nextPayload(responses, RESPONSE_SIZES[0]);
    call.cancel();
    await expectStatus(responses.next(), grpc.status.CANCELLED);
  },

  async timeout_on_sleeping_server({stub}) {
    const call = stub.FullDuplexCall({deadline: Date.now() + 1});
    const responses = reader(call);
    call.write(outputRequest(REQUEST_SIZES[0]));
    await expectStatus(responses.next(), grpc.status.DEADLINE_EXCEEDED);
  },

  async client_compressed_unary({flags}) {
    const {stub, release} = compressingStub(flags);
    const call = async (compress, expected) => {
      const request = largeRequest({compress, expect_compressed: {value: expected}});
      return (await unary(stub, 'UnaryCall', request)).response;
    };
    try {
      // The probe: a server that can't see how a message came can't be tested.
      await expectStatus(call(false, true), grpc.status.INVALID_ARGUMENT);
      expectPayload(await call(true, true), LARGE_RESPONSE);
      expectPayload(await call(false, false), LARGE_RESPONSE);
    } finally {
      release();
    }
  },

  async client_compressed_streaming({flags}) {
    const {stub, release} = compressingStub(flags);
    const input = (size, compress, expected) => ({payload: payload(size), compress, expect_compressed: {value: expected}});
    try {
      await expectStatus(streamingInput(stub, [input(27182, false, true)]), grpc.status.INVALID_ARGUMENT);
      const both = [input(27182, true, true), input(45904, false, false)];
      assert.equal(await streamingInput(stub, both), 73086, 'aggregated size');
    } finally {
      release();
    }
  },

  // The library doesn't tell how a message came: these two show that it can read what it asked for.
  async server_compressed_unary({stub}) {
    for (const value of [true, false]) {
      const request = largeRequest({response_compressed: {value}});
      expectPayload((await unary(stub, 'UnaryCall', request)).response, LARGE_RESPONSE);
    }
  },

  async server_compressed_streaming({stub}) {
    const parameters = [
      {size: 31415, compressed: {value: true}},
      {size: 92653, compressed: {value: false}},
    ];
    const responses = reader(stub.StreamingOutputCall({response_parameters: parameters}));
    for (const {size} of parameters) await nextPayload(responses, size);
    await expectEnd(responses);
  },

  async rpc_soak({stub, flags}) {
    await soak(flags, () => ({stub, release() {}}));
  },

  async channel_soak({flags}) {
    await soak(flags, () => openStub(flags));
  },
};

function openStub(flags, options = {}, Stub = contract.TestService) {
  const credentials = flags.use_tls
    ? grpc.credentials.createSsl(flags.ca_file ? fs.readFileSync(flags.ca_file) : null)
    : grpc.credentials.createInsecure();
  const all = {'grpc.use_local_subchannel_pool': 1, ...options};
  if (flags.server_host_override) all['grpc.ssl_target_name_override'] = flags.server_host_override;
  const stub = new Stub(`${flags.server_host}:${flags.server_port}`, credentials, all);
  return {stub, release: () => stub.close()};
}

async function runClient(flags) {
  const {stub, release} = openStub(flags);
  for (const name of flags.test_case.split(',')) {
    const started = process.hrtime.bigint();
    let why = '';
    try {
      assert.ok(Object.hasOwn(cases, name), 'no case has this name');
      await cases[name]({stub, flags});
    } catch (error) {
      why = String(error.message).replace(/\s+/g, ' ');
      process.exitCode = 1;
    }
    const seconds = (Number(process.hrtime.bigint() - started) / 1e9).toFixed(3);
    console.log(`${name} ${why ? 'FAILED' : 'ok'} ${seconds} ${why}`.trim());
  }
  release();
}

// --name value, --name=value, and --name alone for true.
function parse(words, defaults) {
  const flags = {...defaults};
  while (words.length) {
    const [, name, value] = /^--?([a-z_]+)(?:=(.*))?$/s.exec(words.shift()) || [];
    assert.ok(name in flags, 'unknown flag; see the head of this file');
    if (value !== undefined) flags[name] = typeof flags[name] === 'boolean' ? value !== 'false' : value;
    else if (typeof flags[name] === 'boolean') flags[name] = true;
    else flags[name] = words.shift();
  }
  return flags;
}

const [role, ...words] = process.argv.slice(2);
if (role === 'server') {
  runServer(parse(words, {port: '', use_tls: false, tls_cert_file: '', tls_key_file: ''}));
} else {
  assert.equal(role, 'client', 'the first word is server or client');
  runClient(
    parse(words, {
      server_host: 'localhost',
      server_port: '',
      test_case: '',
      use_tls: false,
      use_test_ca: false,
      ca_file: '',
      server_host_override: '',
      soak_iterations: 10,
      soak_max_failures: 0,
      soak_per_iteration_max_acceptable_latency_ms: 1000,
      soak_overall_timeout_seconds: 10,
      soak_request_size: LARGE_REQUEST,
      soak_response_size: LARGE_RESPONSE,
    })
  );
}
