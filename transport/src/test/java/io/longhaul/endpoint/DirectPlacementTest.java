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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.Connection;
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulConfig.Placement;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.verbs.soft.SoftDevice;
import io.longhaul.verbs.soft.SoftDeviceCounters;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Direct placement between software devices.
@Timeout(60)
class DirectPlacementTest {
    private static final int SLOT_BYTES = 1 << 20;
    private static final byte PAINT = (byte) 0xA5;

    private static LonghaulConfig.Builder direct() {
        return EndpointPair.small().placement(Placement.DIRECT);
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(EndpointPair.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void placesLargeWritesIntoTheExposedMemory() throws Exception {
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair(direct().build())) {
            final MemorySegment source = EndpointPair.randomBytes(arena, 16 * SLOT_BYTES, 1);
            final MemorySegment target = arena.allocate(16 * SLOT_BYTES);
            pair.server.expose("target", target, Grant.of(Right.WRITE));
            final RemoteRegion region = await(pair.client.lookup("target"));
            // What is written before the direct lanes are open, or while the host is busy, goes as messages.
            long placed = 0;
            for (int round = 0; round < 10 && placed <= target.byteSize() / 2; round++) {
                final long before = pair.server.statistics().placedBytes();
                target.fill((byte) 0);
                final CompletableFuture<?>[] writes = new CompletableFuture<?>[16];
                for (int i = 0; i < 16; i++) {
                    final long at = (long) i * SLOT_BYTES;
                    writes[i] = pair.client.write(source.asSlice(at, SLOT_BYTES), region, at);
                }
                await(CompletableFuture.allOf(writes));
                assertEquals(-1, source.mismatch(target));
                placed = pair.server.statistics().placedBytes() - before;
            }
            assertTrue(placed > target.byteSize() / 2, placed + " of " + target.byteSize() + " bytes were placed");
        }
    }

    @Test
    void sendsWhereOnlyOneEndWantsPlacement() throws Exception {
        try (Arena arena = Arena.ofShared();
                Longhaul server = Longhaul.open(EndpointPair.small().build());
                Longhaul client = Longhaul.open(direct().build());
                Listener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final Connection connection = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
            final MemorySegment source = EndpointPair.randomBytes(arena, SLOT_BYTES, 2);
            final MemorySegment target = arena.allocate(SLOT_BYTES);
            server.expose("target", target, Grant.of(Right.WRITE));
            await(connection.write(source, await(connection.lookup("target")), 0));
            assertEquals(-1, source.mismatch(target));
            assertEquals(0, connection.statistics().placedBytes());
            connection.close(EndpointPair.PATIENCE);
        }
    }

    @Test
    @Tag("fault-68")
    void changesNothingAfterCompletionWhenPacketsComeLateAndTwice() throws Exception {
        final WireConfig wire = WireConfig.builder()
                .delay(Duration.ofMillis(2))
                .rateBitsPerSecond(400_000_000)
                .lossFraction(0.01)
                .duplicateFraction(0.2)
                .reorder(0.2, Duration.ofMillis(30))
                .seed(11)
                .build();
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair(direct().wire(wire).build())) {
            final int slots = 24;
            final MemorySegment source = EndpointPair.randomBytes(arena, (long) slots * SLOT_BYTES, 3);
            final MemorySegment target = arena.allocate((long) slots * SLOT_BYTES);
            pair.server.expose("target", target, Grant.of(Right.WRITE));
            final RemoteRegion region = await(pair.client.lookup("target"));
            for (int i = 0; i < slots; i++) {
                pair.client.writeWithImmediate(slot(source, i), region, (long) i * SLOT_BYTES, i);
            }
            for (int i = 0; i < slots; i++) {
                assertEquals(i, pair.server.receiveImmediate(EndpointPair.PATIENCE));
                assertEquals(-1, slot(source, i).mismatch(slot(target, i)), "slot " + i + " when it was complete");
                slot(target, i).fill(PAINT);
            }
            // Twice the longest time that the wire holds a packet back, by the clock of its packets.
            final long end = System.nanoTime() + 100_000_000L;
            EndpointPair.await(() -> System.nanoTime() > end, "time passes");
            for (long at = 0; at < target.byteSize(); at++) {
                if (target.get(ValueLayout.JAVA_BYTE, at) != PAINT) {
                    throw new AssertionError("byte " + at + " changed after completion");
                }
            }
            assertTrue(pair.server.statistics().placedBytes() > target.byteSize() / 2, "too little was placed");
            assertTrue(refusedWrites(pair) > 0, "no write came after the end of its key");
        }
    }

    private static long refusedWrites(EndpointPair pair) {
        final PortAgent port = ((Endpoint) pair.serverEndpoint).openPorts().getFirst();
        return ((SoftDevice) port.port().device()).counters().get(SoftDeviceCounters.Counter.REMOTE_KEY_VIOLATION);
    }

    private static MemorySegment slot(MemorySegment of, int slot) {
        return of.asSlice((long) slot * SLOT_BYTES, SLOT_BYTES);
    }

    @Test
    @Tag("fault-34")
    void revokingTheRegionEndsTheWrite() throws Exception {
        final WireConfig wire = WireConfig.builder()
                .delay(Duration.ofMillis(1))
                .rateBitsPerSecond(200_000_000)
                .build();
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair(direct().wire(wire).build())) {
            final MemorySegment source = EndpointPair.randomBytes(arena, 64 * SLOT_BYTES, 4);
            final MemorySegment target = arena.allocate(64 * SLOT_BYTES);
            final ExposedRegion exposed = pair.server.expose("target", target, Grant.of(Right.WRITE));
            final CompletableFuture<Void> write = pair.client.write(source, await(pair.client.lookup("target")), 0);
            EndpointPair.await(() -> pair.server.statistics().placedBytes() > 2 * SLOT_BYTES, "placement has begun");
            exposed.revoke();
            target.fill(PAINT);
            assertThrows(ExecutionException.class, () -> await(write));
            for (long at = 0; at < target.byteSize(); at += 64) {
                assertEquals(PAINT, target.get(ValueLayout.JAVA_BYTE, at), "byte " + at + " after the revocation");
            }
        }
    }

    @Test
    void refusesPlacementOnASealedConnection() {
        final ConfigurationException refused = assertThrows(
                ConfigurationException.class, () -> direct().insecure(false).build());
        assertTrue(String.valueOf(refused.getMessage()).contains("placement=DIRECT"), refused.getMessage());
    }
}
