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
package io.longhaul.core;

import io.longhaul.core.wire.ProbeFlyweight;

/// Answers to probes that wait to be sent; a peer that probes faster than it is answered loses the oldest.
final class ProbeReplies {
    private static final int CAPACITY = 16;

    private final long[] nonces = new long[CAPACITY]; // [slot]
    private final int[] sizes = new int[CAPACITY];
    private int head;
    private int count;

    ProbeReplies() {}

    void add(int packetBytes, long nonce) {
        if (count == CAPACITY) {
            head = (head + 1) % CAPACITY;
            count--;
        }
        final int slot = (head + count++) % CAPACITY;
        nonces[slot] = nonce;
        sizes[slot] = packetBytes;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /// Writes as many answers as fit.
    void put(PacketWriter writer) {
        while (count > 0 && writer.room() >= ProbeFlyweight.BYTES) {
            ProbeFlyweight.put(writer.segment(), writer.at(), ProbeFlyweight.FLAG_REPLY, sizes[head], nonces[head], 0);
            writer.advance(ProbeFlyweight.BYTES);
            head = (head + 1) % CAPACITY;
            count--;
        }
    }
}
