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

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.Connection;
import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulConfig.Placement;
import io.longhaul.Message;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Connections with certificates over the software device: everything is sealed, and works.
@Timeout(180)
class SealedConnectionTest {
    private static final PrivateAuthority AUTHORITY = PrivateAuthority.create();
    private static final int BYTES = 4 << 20;

    private static LonghaulConfig config(WireConfig wire) {
        return EndpointPair.small()
                .insecure(false)
                .identity(AUTHORITY.identity("localhost", "127.0.0.1"))
                .device("soft")
                .wire(wire)
                .build();
    }

    @Test
    @Tag("fault-8")
    @Tag("fault-11")
    @Tag("fault-13")
    void everythingIsSealedThroughLossDuplicationReorderingAndDamage() throws Exception {
        final WireConfig wire = WireConfig.builder()
                .delay(Duration.ofMillis(1))
                .lossFraction(0.01)
                .duplicateFraction(0.05)
                .corruptFraction(0.005)
                .reorder(0.02, Duration.ofMillis(1))
                .build();
        try (Longhaul server = Longhaul.open(config(wire));
                Longhaul client = Longhaul.open(config(wire));
                Listener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Connection there = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
                Connection here = listener.accept(EndpointPair.PATIENCE);
                Arena arena = Arena.ofShared()) {
            assertNotNull(here);
            final MemorySegment target = arena.allocate(BYTES);
            final MemorySegment bytes = EndpointPair.randomBytes(arena, BYTES, 11);
            server.expose("target", target, Grant.of(Right.READ, Right.WRITE));
            final RemoteRegion region = there.lookup("target").join();
            there.write(bytes, region, 0).join();
            assertEquals(-1, target.mismatch(bytes), "written");
            final MemorySegment read = arena.allocate(BYTES);
            there.read(region, 0, read).join();
            assertEquals(-1, read.mismatch(bytes), "read");
            there.send(bytes.asSlice(0, 100)).join();
            try (Message message = here.receive(EndpointPair.PATIENCE)) {
                assertNotNull(message);
                assertArrayEquals(
                        bytes.asSlice(0, 100).toArray(ValueLayout.JAVA_BYTE),
                        message.segment().asSlice(0, 100).toArray(ValueLayout.JAVA_BYTE));
            }
            for (final ConnectionStatistics end : new ConnectionStatistics[] {there.statistics(), here.statistics()}) {
                assertTrue(end.sealed());
                assertTrue(end.replayedPackets() > 0, "duplicates of the network: " + end);
                assertEquals(
                        48, end.ipBytesPerPacket() - end.payloadBytesPerPacket() - 52, "header, frame header, tag");
            }
        }
    }

    @Test
    void queuePairsOfTheConnectionsOwnAreSealedToo() throws Exception {
        final WireConfig wire = WireConfig.builder()
                .delay(Duration.ofMillis(1))
                .lossFraction(0.01)
                .duplicateFraction(0.05)
                .build();
        final LonghaulConfig connected =
                config(wire).toBuilder().placement(Placement.SEND_UC).build();
        try (Longhaul server = Longhaul.open(connected);
                Longhaul client = Longhaul.open(connected);
                Listener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Connection there = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
                Arena arena = Arena.ofShared()) {
            final MemorySegment target = arena.allocate(BYTES);
            final MemorySegment bytes = EndpointPair.randomBytes(arena, BYTES, 12);
            server.expose("target", target, Grant.of(Right.READ, Right.WRITE));
            final RemoteRegion region = there.lookup("target").join();
            there.write(bytes, region, 0).join();
            assertEquals(-1, target.mismatch(bytes), "written");
            final ConnectionStatistics end = there.statistics();
            assertTrue(end.sealed());
            assertTrue(end.replayedPackets() > 0, "duplicates of the network: " + end);
            final long overSharedLanes = ((Endpoint) client)
                    .openPorts().getFirst().port().lanes().stream()
                            .mapToLong(DataLane::nextPosition)
                            .sum();
            assertEquals(0, overSharedLanes, "packets over the shared lanes");
        }
    }

    @Test
    void nothingIsPlacedDirectlyIntoTheMemoryOfASealedEndpoint() {
        final LonghaulConfig.Builder direct =
                config(WireConfig.builder().build()).toBuilder().placement(Placement.DIRECT);
        final ConfigurationException e = assertThrows(ConfigurationException.class, direct::build);
        assertTrue(String.valueOf(e.getMessage()).contains("placement"), e.getMessage());
    }

    @Test
    void aConnectionKnowsItsPeerButNothingOfTlsAfterBootstrap() throws Exception {
        try (Longhaul server = Longhaul.open(config(WireConfig.builder().build()));
                Longhaul client = Longhaul.open(config(WireConfig.builder().build()));
                Listener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final Connection there = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
            final EndpointConnection inService = (EndpointConnection) there;
            EndpointPair.await(() -> !(inService.channel() instanceof TlsControlChannel), "the session is kept");
            assertEquals(List.of("localhost", "127.0.0.1"), there.peerNames());
            assertEquals(listener.localAddress(), there.remoteAddress());
            there.close(EndpointPair.PATIENCE);
            assertEquals(List.of("localhost", "127.0.0.1"), there.peerNames());
            assertEquals(listener.localAddress(), there.remoteAddress());
        }
    }

    @Test
    void insecureConnectionsSayThatTheyAreNotSealed() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            assertFalse(pair.client.statistics().sealed());
            assertFalse(pair.server.statistics().sealed());
        }
    }
}
