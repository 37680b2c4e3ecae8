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
package io.longhaul.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class UdpSocketTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final Arena arena = Arena.ofAuto();
    private final Libc.CallState state = new Libc.CallState(arena);

    @Test
    void systemCallsAreThere() {
        assertTrue(Libc.unavailable().isEmpty(), () -> Libc.unavailable().orElse(""));
    }

    @Test
    void segmentedMessageArrivesWithItsTrafficClass() throws IOException {
        try (UdpSocket from = new UdpSocket(arena, state, LOOPBACK, 0);
                UdpSocket to = new UdpSocket(arena, state, LOOPBACK, 0)) {
            assertTrue(to.enableReceiveOffload());
            assertTrue(from.hasSegmentationOffload());
            MemorySegment payload = arena.allocate(2500);
            payload.fill((byte) 7);
            MemorySegment target = arena.allocate(32, 8);
            int targetBytes = SocketAddress.write(target, 0, LOOPBACK, to.port());
            OutgoingMessage message = new OutgoingMessage(arena, false, 4);
            message.begin(target.address(), targetBytes, 0x2b);
            message.add(payload.address(), 1000);
            message.add(payload.address() + 1000, 0);
            message.add(payload.address() + 1000, 1500);
            assertEquals(2, message.pieceCount());
            assertEquals(2500, from.send(message, 0, 2, 1000));

            ReceiveBatch batch = new ReceiveBatch(arena, 4);
            int messages = receive(to, batch);
            batch.readControl(0);
            assertEquals(0x2b, batch.trafficClass());
            assertEquals(from.port(), SocketAddress.port(batch.names(), batch.nameOffset(0)));
            assertFalse(batch.isTruncated(0));
            if (messages == 1) {
                assertEquals(2500, batch.length(0));
                assertEquals(1000, batch.segmentBytes());
            }
            assertEquals(7, batch.buffers().get(ValueLayout.JAVA_BYTE, batch.bufferOffset(0) + 999));
            assertEquals(0, to.receive(batch));
        }
    }

    private static int receive(UdpSocket socket, ReceiveBatch batch) {
        int messages = 0;
        while (messages == 0) {
            messages = socket.receive(batch);
        }
        return messages;
    }

    @Test
    void errorsAreNumbersAndNamed() throws IOException {
        try (UdpSocket socket = new UdpSocket(arena, state, LOOPBACK, 0)) {
            MemorySegment payload = arena.allocate(70_000);
            MemorySegment target = arena.allocate(32, 8);
            int targetBytes = SocketAddress.write(target, 0, LOOPBACK, socket.port());
            OutgoingMessage message = new OutgoingMessage(arena, false, 1);
            message.begin(target.address(), targetBytes, 0);
            message.add(payload.address(), 70_000);
            assertEquals(-Errno.EMSGSIZE, socket.send(message, 0, 1, 0));
            assertEquals("EMSGSIZE", Errno.name(-Errno.EMSGSIZE));
            assertEquals("errno 77", Errno.name(77));
            IOException refused =
                    assertThrows(IOException.class, () -> new UdpSocket(arena, state, LOOPBACK, socket.port()));
            assertTrue(refused.getMessage().contains("EADDRINUSE"), refused.getMessage());
        }
    }

    @Test
    void buffersGrowAsFarAsAllowed() throws IOException {
        try (UdpSocket socket = new UdpSocket(arena, state, LOOPBACK, 0)) {
            int before = socket.receiveBufferBytes();
            socket.requestBufferBytes(1 << 20, 1 << 20);
            assertTrue(socket.receiveBufferBytes() >= before);
            assertTrue(socket.sendBufferBytes() > 0);
        }
    }

    @Test
    void signalsEndTheSleepOnce() throws Exception {
        try (WakeupEvent event = new WakeupEvent(arena, state)) {
            Poller poller = new Poller(arena, state, event.fd());
            assertEquals(0, poller.poll(1_000_000));
            event.signal();
            event.signal();
            assertEquals(1, poller.poll(-1));
            assertTrue(poller.isReady(0));
            assertTrue(event.consume(true));
            assertFalse(event.consume(false));
            assertEquals(0, poller.poll(0));
            Thread waker = Thread.ofPlatform().start(event::signal);
            assertEquals(1, poller.poll(-1));
            waker.join();
            event.close();
            event.signal();
        }
    }
}
