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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.verbs.soft.SoftDevice;
import io.longhaul.verbs.soft.SoftDeviceCounters;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Packets share system calls: what a device does for each MiB of bulk does not grow with the number of packets.
@Timeout(120)
class SystemCallsTest {
    private static final int MIB = 1 << 20;
    private static final int COUNT = 96;

    /// Code that is slow yet, and processors that others use, make small bursts: the best of some rounds counts.
    private static final int ROUNDS = 10;

    /// A call takes 64 KiB of packets at most: 17 of them for each MiB of 9000-byte packets, and a few for the
    /// parts of
    /// bursts and acknowledgements. A call for each packet would be 118.
    private static final double MOST_CALLS_PER_MIB = 30;

    @Test
    void manyPacketsShareACall() throws Exception {
        measure(EndpointPair.small().build());
    }

    @Test
    void manySealedPacketsShareACall() throws Exception {
        measure(EndpointPair.small()
                .insecure(false)
                .identity(PrivateAuthority.create().identity("host", "localhost", "127.0.0.1"))
                .build());
    }

    private static void measure(LonghaulConfig config) throws Exception {
        final LonghaulConfig bulk =
                config.toBuilder().device("soft").maxPacketBytes(9000).build();
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair(bulk)) {
            pair.serverEndpoint.expose("target", arena.allocate(MIB), Grant.of(Right.WRITE));
            final RemoteRegion target = pair.client.lookup("target").get(20, TimeUnit.SECONDS);
            final MemorySegment source = arena.allocate((long) MIB * 8);
            final SoftDeviceCounters sent = device(pair.clientEndpoint).counters();
            final SoftDeviceCounters received = device(pair.serverEndpoint).counters();
            final StringBuilder what = new StringBuilder("calls a MiB, sent and received:");
            double fewest = Double.MAX_VALUE;
            for (int i = 0; i < ROUNDS && fewest > MOST_CALLS_PER_MIB; i++) {
                final long sentBefore = sent.get(Counter.SEND_CALLS);
                final long receivedBefore = received.get(Counter.RECEIVE_CALLS);
                write(pair, source, target, COUNT);
                final double sends = (sent.get(Counter.SEND_CALLS) - sentBefore) / (double) COUNT;
                final double receives = (received.get(Counter.RECEIVE_CALLS) - receivedBefore) / (double) COUNT;
                fewest = Math.min(fewest, Math.max(sends, receives));
                what.append(' ').append(sends).append(" and ").append(receives);
            }
            assertTrue(fewest <= MOST_CALLS_PER_MIB, what.toString());
        }
    }

    // Eight at a time.
    private static void write(EndpointPair pair, MemorySegment source, RemoteRegion target, int count)
            throws Exception {
        for (int i = 0; i < count; i += 8) {
            final List<CompletableFuture<Void>> writes = new ArrayList<>();
            for (int j = 0; j < 8; j++) {
                writes.add(pair.client.write(source.asSlice((long) j * MIB, MIB), target, 0));
            }
            for (final CompletableFuture<Void> each : writes) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
    }

    private static SoftDevice device(Longhaul endpoint) {
        return (SoftDevice) ((Endpoint) endpoint).openPorts().getFirst().port().device();
    }
}
