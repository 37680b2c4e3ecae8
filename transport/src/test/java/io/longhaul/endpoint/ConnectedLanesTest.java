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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulConfig.Placement;
import io.longhaul.Message;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Packets over UC queue pairs of the connection's own.
@Timeout(60)
class ConnectedLanesTest {
    private static final int BYTES = 4 << 20;

    private static LonghaulConfig.Builder connected() {
        return EndpointPair.small().placement(Placement.SEND_UC);
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(EndpointPair.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static long sentOverSharedLanes(Longhaul endpoint) {
        return ((Endpoint) endpoint)
                .openPorts().getFirst().port().lanes().stream()
                        .mapToLong(DataLane::nextPosition)
                        .sum();
    }

    @Test
    void carryEverythingOverALossyPath() throws Exception {
        final WireConfig wire = WireConfig.builder()
                .delay(Duration.ofMillis(2))
                .rateBitsPerSecond(400_000_000)
                .lossFraction(0.01)
                .duplicateFraction(0.05)
                .seed(5)
                .build();
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair(connected().wire(wire).build())) {
            final MemorySegment source = EndpointPair.randomBytes(arena, BYTES, 1);
            final MemorySegment target = arena.allocate(BYTES);
            final MemorySegment copy = arena.allocate(BYTES);
            pair.server.expose("target", target, Grant.of(Right.READ, Right.WRITE, Right.ATOMIC));
            final RemoteRegion region = await(pair.client.lookup("target"));
            await(pair.client.write(source, region, 0));
            assertEquals(-1, source.mismatch(target), "written");
            await(pair.client.read(region, 0, copy));
            assertEquals(-1, source.mismatch(copy), "read");
            final long before = target.get(ValueLayout.JAVA_LONG, 64);
            assertEquals(before, await(pair.client.fetchAndAdd(region, 64, 5)));
            await(pair.client.send(source.asSlice(0, 100_000)));
            try (Message message = pair.server.receive(EndpointPair.PATIENCE)) {
                assertNotNull(message, "the message");
                assertEquals(-1, message.segment().mismatch(source.asSlice(0, 100_000)), "message");
            }
            assertEquals(0, sentOverSharedLanes(pair.clientEndpoint), "packets over the shared lanes");
            assertTrue(pair.client.statistics().retransmittedBytes() > 0, "nothing was lost");
        }
    }

    /// Whatever the other end wants.
    @ParameterizedTest
    @EnumSource(names = {"SEND", "DIRECT"})
    void areNotUsedWhereTheOtherEndWantsSomethingElse(Placement other) throws Exception {
        try (Arena arena = Arena.ofShared();
                Longhaul server =
                        Longhaul.open(EndpointPair.small().placement(other).build());
                Longhaul client = Longhaul.open(connected().build());
                Listener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final Connection connection = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
            final MemorySegment source = EndpointPair.randomBytes(arena, BYTES, 2);
            final MemorySegment target = arena.allocate(BYTES);
            server.expose("target", target, Grant.of(Right.WRITE));
            await(connection.write(source, await(connection.lookup("target")), 0));
            assertEquals(-1, source.mismatch(target));
            assertEquals(0, connection.statistics().placedBytes());
            assertTrue(sentOverSharedLanes(client) > 0, "nothing went over the shared lanes");
            connection.close(EndpointPair.PATIENCE);
        }
    }
}
