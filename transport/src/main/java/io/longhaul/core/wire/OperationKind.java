/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.core.wire;

/// Kind of an OPERATION frame and how many 64-bit arguments it has.
public final class OperationKind {
    /// A piece of a message: {offset in the message, length of the message}. The operation id names the message.
    public static final int SEND = 1;
    /// A piece of a write: {region key, offset in the region}.
    public static final int WRITE = 2;
    /// The last piece of a write with immediate: {region key, offset in the region, immediate, length of the whole
    /// write}.
    public static final int WRITE_IMMEDIATE = 3;
    /// Request to read: {region key, offset in the region, length}.
    public static final int READ = 4;
    /// A piece of the answer to a read: {request id, offset in the read}.
    public static final int READ_RESPONSE = 5;
    /// Fetch-and-add: {region key, offset, addend}.
    public static final int FETCH_AND_ADD = 6;
    /// Compare-and-swap: {region key, offset, expected, desired}.
    public static final int COMPARE_AND_SWAP = 7;
    /// Answer to an atomic: {request id, old value}.
    public static final int ATOMIC_RESPONSE = 8;
    /// Refusal of an operation: {request id, ordinal of the status}.
    public static final int REJECT = 9;
    /// Request for a named region; the data is its name in UTF-8.
    public static final int LOOKUP = 10;
    /// Answer to a lookup: {request id, region key, length, bits of the rights}; no rights means not found.
    public static final int LOOKUP_ANSWER = 11;
    /// Bytes of a stream: {stream id, offset in the stream}; flag FIN ends it.
    public static final int STREAM = 12;
    /// Absolute credit of a stream: {stream id, offset up to which the peer may send}.
    public static final int STREAM_CREDIT = 13;
    /// The reader of a stream has gone: {stream id}.
    public static final int STREAM_STOP = 14;

    /// Request for a key under which a write may be placed: {operation id of the write, region key, offset in the
    /// region,
    /// length}.
    public static final int PLACEMENT = 15;
    /// Answer to it: {operation id of the write, offset in the region, address, remote key}; key 0 gives none.
    public static final int PLACEMENT_GRANT = 16;
    /// Gives the keys of a write that ended early back: {operation id of the write}.
    public static final int PLACEMENT_RELEASE = 17;

    /// Largest kind.
    public static final int MAX = 17;

    private static final byte[] ARGUMENTS = {-1, 2, 2, 4, 3, 2, 3, 4, 2, 2, 0, 4, 2, 2, 1, 4, 4, 1};

    private OperationKind() {}

    /// Number of 64-bit arguments of a kind, or -1 for an unknown kind.
    public static int arguments(int kind) {
        return kind < 1 || kind > MAX ? -1 : ARGUMENTS[kind];
    }
}
