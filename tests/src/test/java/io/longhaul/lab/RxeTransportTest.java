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
package io.longhaul.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.DeviceException;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulConfig.Placement;
import io.longhaul.Message;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The transport over Soft-RoCE with an emulated long path between two devices: SEND lanes and direct placement.
@Tag("guest")
@Timeout(90)
class RxeTransportTest {
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final String SERVER = "10.77.0.2";
    private static final int SLOT_BYTES = 512 * 1024;
    private static final byte PAINT = (byte) 0xA5;

    private static LonghaulConfig.Builder config(String device) {
        return LonghaulConfig.builder()
                .device(device)
                .insecure(true)
                .lanes(2)
                .receiveQueuePackets(1024)
                .handshakeTimeout(PATIENCE)
                .idleTimeout(Duration.ofSeconds(40))
                .maxMemoryBytes(64 << 20);
    }

    private static void wan(String impairment) throws Exception {
        final Process process = new ProcessBuilder("bash", "-c", "wan_up " + impairment)
                .inheritIO()
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0, "wan_up " + impairment);
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static MemorySegment randomBytes(Arena arena, long bytes, long seed) {
        final MemorySegment segment = arena.allocate(bytes, 8);
        final SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i + 8 <= bytes; i += 8) {
            segment.set(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
        return segment;
    }

    private static final class Joined implements AutoCloseable {
        final Longhaul serverEndpoint;
        final Longhaul clientEndpoint;
        final Listener listener;
        final Connection client;
        final Connection server;

        Joined(LonghaulConfig server, LonghaulConfig client) throws Exception {
            serverEndpoint = Longhaul.open(server);
            clientEndpoint = Longhaul.open(client);
            try {
                listener = serverEndpoint.listen(new InetSocketAddress(InetAddress.ofLiteral(SERVER), 0));
                this.client = clientEndpoint.connect(listener.localAddress(), PATIENCE);
                final Connection accepted = listener.accept(PATIENCE);
                assertNotNull(accepted, "no connection was accepted");
                this.server = accepted;
            } catch (Throwable e) {
                close(); // the kernel waits for the users of a device that the next class removes
                throw e;
            }
        }

        @Override
        public void close() {
            clientEndpoint.close();
            serverEndpoint.close();
        }
    }

    private static Joined join(Placement placement) throws Exception {
        return new Joined(
                config("rxe_b").placement(placement).build(),
                config("rxe_a").placement(placement).build());
    }

    @ParameterizedTest
    @EnumSource(names = {"SEND", "SEND_UC"})
    @Tag("fault-1")
    void movesEveryKindOfOperationOverALossyPath(Placement placement) throws Exception {
        wan("--rtt 10ms --loss 1%");
        try (Arena arena = Arena.ofShared();
                Joined joined = join(placement)) {
            final MemorySegment source = randomBytes(arena, 2 << 20, 1);
            final MemorySegment target = arena.allocate(2 << 20);
            final MemorySegment copy = arena.allocate(2 << 20);
            joined.server.expose("target", target, Grant.of(Right.READ, Right.WRITE, Right.ATOMIC));
            final RemoteRegion region = await(joined.client.lookup("target"));
            await(joined.client.write(source, region, 0));
            assertEquals(-1, source.mismatch(target), "written");
            await(joined.client.read(region, 0, copy));
            assertEquals(-1, source.mismatch(copy), "read");
            final long before = target.get(ValueLayout.JAVA_LONG, 64);
            assertEquals(before, await(joined.client.fetchAndAdd(region, 64, 5)));
            assertEquals(before + 5, target.get(ValueLayout.JAVA_LONG, 64));
            await(joined.client.send(source.asSlice(0, 100_000)));
            try (Message message = joined.server.receive(PATIENCE)) {
                assertNotNull(message, "the message");
                assertEquals(-1, message.segment().mismatch(source.asSlice(0, 100_000)), "message");
            }
            assertEquals("rxe_a", joined.client.deviceName());
        }
    }

    @Test
    void placesLargeWritesDirectlyOverALossyPath() throws Exception {
        wan("--rtt 10ms --loss 1%");
        try (Arena arena = Arena.ofShared();
                Joined joined = join(Placement.DIRECT)) {
            final int slots = 8;
            final MemorySegment source = randomBytes(arena, (long) slots * SLOT_BYTES, 2);
            final MemorySegment target = arena.allocate((long) slots * SLOT_BYTES);
            joined.server.expose("target", target, Grant.of(Right.WRITE));
            writeAll(joined, source, slots);
            assertEquals(-1, source.mismatch(target), "written");
            final long placed = joined.server.statistics().placedBytes();
            assertTrue(placed > target.byteSize() / 2, placed + " bytes were placed");
        }
    }

    private static void writeAll(Joined joined, MemorySegment source, int slots) throws Exception {
        final RemoteRegion region = await(joined.client.lookup("target"));
        final CompletableFuture<?>[] writes = new CompletableFuture<?>[slots];
        for (int i = 0; i < slots; i++) {
            writes[i] = joined.client.writeWithImmediate(slot(source, i), region, (long) i * SLOT_BYTES, i);
        }
        await(CompletableFuture.allOf(writes));
    }

    @Test
    @Tag("fault-68")
    void changesNothingAfterCompletionWhenPacketsComeLateAndTwice() throws Exception {
        wan("--rtt 10ms --loss 1% --netem 'duplicate 10% reorder 90%'");
        try (Arena arena = Arena.ofShared();
                Joined joined = join(Placement.DIRECT)) {
            final int slots = 12;
            final MemorySegment source = randomBytes(arena, (long) slots * SLOT_BYTES, 3);
            final MemorySegment target = arena.allocate((long) slots * SLOT_BYTES);
            joined.server.expose("target", target, Grant.of(Right.WRITE));
            final RemoteRegion region = await(joined.client.lookup("target"));
            for (int i = 0; i < slots; i++) {
                joined.client.writeWithImmediate(slot(source, i), region, (long) i * SLOT_BYTES, i);
            }
            for (int i = 0; i < slots; i++) {
                assertEquals(i, joined.server.receiveImmediate(PATIENCE));
                assertEquals(-1, slot(source, i).mismatch(slot(target, i)), "slot " + i + " when it was complete");
                slot(target, i).fill(PAINT);
            }
            // Everything that is still on the path arrives meanwhile: the answer crosses it behind that.
            for (int i = 0; i < 20; i++) {
                await(joined.client.lookup("target"));
            }
            final MemorySegment painted = arena.allocate(target.byteSize()).fill(PAINT);
            assertEquals(-1, painted.mismatch(target), "first byte that changed after completion");
            assertTrue(joined.server.statistics().placedBytes() > target.byteSize() / 4, "too little was placed");
        }
    }

    private static MemorySegment slot(MemorySegment of, int slot) {
        return of.asSlice((long) slot * SLOT_BYTES, SLOT_BYTES);
    }

    @Test
    void aSoftwareDeviceThatListensElsewhereIsToldWhatToDo() throws Exception {
        wan("");
        final io.longhaul.ConnectionException refused = assertThrows(
                io.longhaul.ConnectionException.class,
                () -> new Joined(config("rxe_b").build(), config("soft").build()).close());
        assertTrue(String.valueOf(refused.getMessage()).contains("soft:4791"), refused.getMessage());
    }

    @Test
    void aDeviceThatIsNotThereIsNamedWithThosePresent() {
        final DeviceException missing = assertThrows(
                DeviceException.class, () -> Longhaul.open(config("rxe_z").build()));
        assertTrue(String.valueOf(missing.getMessage()).contains("rxe_a"), missing.getMessage());
    }
}
