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
package io.longhaul.interop;

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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A whole connection with the software device at one end and Soft-RoCE at the other.
@Tag("guest")
@Timeout(120)
class TransportInteropTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String RXE_HOST = "10.77.0.1";
    private static final String SOFT_HOST = "10.77.0.2";
    private static final int BYTES = 8 << 20;
    private static final int WRITES = 8;

    @BeforeAll
    static void farHost() throws Exception {
        FarHost.up();
    }

    private static LonghaulConfig config(String device, Placement placement) {
        return LonghaulConfig.builder()
                .device(device)
                .placement(placement)
                .insecure(true)
                .lanes(2)
                .receiveQueuePackets(1024)
                .handshakeTimeout(PATIENCE)
                .idleTimeout(Duration.ofSeconds(40))
                .maxMemoryBytes(64 << 20)
                .build();
    }

    private static MemorySegment randomBytes(Arena arena, long seed) {
        final MemorySegment segment = arena.allocate(BYTES, 8);
        final SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < BYTES; i += 8) {
            segment.set(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
        return segment;
    }

    /// Writes, reads back, and sends a message.
    private static void exercise(Connection from, Connection to, Arena arena, Placement placement) throws Exception {
        final MemorySegment source = randomBytes(arena, from.id());
        final MemorySegment target = arena.allocate(BYTES);
        final MemorySegment copy = arena.allocate(BYTES);
        to.expose("target", target, Grant.of(Right.READ, Right.WRITE));
        final RemoteRegion region = from.lookup("target").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        final long placedBefore = to.statistics().placedBytes();
        // All at once: the keys of the first may come when its bytes have gone.
        final CompletableFuture<?>[] writes = new CompletableFuture<?>[WRITES];
        for (int i = 0; i < WRITES; i++) {
            final long at = (long) i * (BYTES / WRITES);
            writes[i] = from.write(source.asSlice(at, BYTES / WRITES), region, at);
        }
        CompletableFuture.allOf(writes).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertEquals(-1, source.mismatch(target), "written from " + from.deviceName());
        from.read(region, 0, copy).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertEquals(-1, source.mismatch(copy), "read to " + from.deviceName());
        from.send(source.asSlice(0, 50_000)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        try (Message message = to.receive(PATIENCE)) {
            assertNotNull(message, "the message");
            assertEquals(-1, message.segment().mismatch(source.asSlice(0, 50_000)), "message");
        }
        if (placement == Placement.DIRECT) {
            final long placed = to.statistics().placedBytes() - placedBefore;
            assertTrue(placed > BYTES / 4, placed + " bytes were placed by " + from.deviceName());
        }
    }

    private static List<Arguments> roles() {
        return List.of(
                Arguments.of(Placement.SEND, true),
                Arguments.of(Placement.SEND, false),
                Arguments.of(Placement.SEND_UC, true),
                Arguments.of(Placement.SEND_UC, false),
                Arguments.of(Placement.DIRECT, true),
                Arguments.of(Placement.DIRECT, false));
    }

    @ParameterizedTest
    @MethodSource("roles")
    void theSoftwareDeviceAndSoftRoceCarryOneConnection(Placement placement, boolean softwareListens) throws Exception {
        // What opens sockets on the far host runs there; the sockets stay there.
        try (Arena arena = Arena.ofShared();
                Longhaul rxe = Longhaul.open(config("rxe_a", placement));
                Longhaul soft = FarHost.call(() -> Longhaul.open(config("soft:4791", placement)))) {
            if (softwareListens) {
                try (Listener listener = FarHost.call(() -> soft.listen(address(SOFT_HOST)))) {
                    final Connection client = rxe.connect(listener.localAddress(), PATIENCE);
                    exchange(client, accept(listener), arena, placement);
                }
            } else {
                try (Listener listener = rxe.listen(address(RXE_HOST))) {
                    final Connection client = FarHost.call(() -> soft.connect(listener.localAddress(), PATIENCE));
                    exchange(client, accept(listener), arena, placement);
                }
            }
        }
    }

    private static InetSocketAddress address(String host) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), 0);
    }

    private static Connection accept(Listener listener) throws Exception {
        final Connection server = listener.accept(PATIENCE);
        assertNotNull(server, "no connection was accepted");
        return server;
    }

    /// Both ways, with a row for each.
    private static void exchange(Connection client, Connection server, Arena arena, Placement placement)
            throws Exception {
        exercise(client, server, arena, placement);
        report(client, server, placement);
        exercise(server, client, arena, placement);
        report(server, client, placement);
    }

    private static void report(Connection from, Connection to, Placement placement) {
        final String way = switch (placement) {
            case SEND -> "UD lanes";
            case SEND_UC -> "UC lanes";
            case DIRECT -> "direct placement";
        };
        System.out.println(new InteropRow(
                        "Longhaul on " + name(from) + " and on " + name(to),
                        "whole connection, " + way + ": write, read, message",
                        name(from) + " to " + name(to),
                        "IPv4",
                        BYTES,
                        InteropRow.WORKS)
                .line());
    }

    private static String name(Connection connection) {
        return connection.deviceName().startsWith("rxe") ? "Soft-RoCE" : "the software device";
    }
}
