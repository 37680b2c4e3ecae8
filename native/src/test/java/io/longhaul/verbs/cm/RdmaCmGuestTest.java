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
package io.longhaul.verbs.cm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider.Availability;
import io.longhaul.verbs.QueuePairState;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/// librdmacm against the kernel's connection manager and Soft-RoCE. Queue pairs are numbers only: see
/// `CmConnectionGuestTest` for those that carry bytes.
@Tag("guest")
@Timeout(60)
@EnabledIfEnvironmentVariable(
        named = "RXE_LAB",
        matches = "1",
        disabledReason = "needs rxe_a and rxe_b of the lab guest")
class RdmaCmGuestTest {
    private static final InetAddress ADDRESS_A = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress ADDRESS_B = InetAddress.ofLiteral("10.77.0.2");
    private static final Duration RESOLVE = Duration.ofSeconds(2);
    private static final long WAIT_NANOS = 20_000_000_000L;
    private static final int QUEUE_PAIR_A = 0x00a11a;
    private static final int QUEUE_PAIR_B = 0x00b22b;

    private final RdmaCm cm = new RdmaCm();
    private final CmEventChannel channelA = cm.openEventChannel();
    private final CmEventChannel channelB = cm.openEventChannel();
    private final CmId listener = channelB.createId(PortSpace.TCP);
    private final CmId active = channelA.createId(PortSpace.TCP);

    @BeforeEach
    void listen() {
        listener.bind(new InetSocketAddress(ADDRESS_B, 0));
        listener.listen(4);
    }

    @AfterEach
    void close() {
        active.close();
        listener.close();
        channelA.close();
        channelB.close();
    }

    @Test
    void isAvailableWhereThereAreDevices() {
        assertEquals(Availability.AVAILABLE, cm.availability());
    }

    @Test
    void connectsWithPrivateDataAndTheTimeoutThatWasSet() {
        active.setTypeOfService(0x28);
        assertEquals(Duration.ofNanos(4096L << 17), active.setAckTimeout(Duration.ofMillis(400)));
        resolve(listener.localAddress());
        assertEquals("rxe_a", active.deviceName().orElseThrow());
        assertEquals(1, active.devicePort());
        active.connect(ConnectionParameters.of(QUEUE_PAIR_A)
                .withPrivateData("from a".getBytes(UTF_8))
                .withReads(2, 3)
                .withRetries(5, 6));

        CmEvent request = take(channelB, CmEventType.CONNECT_REQUEST);
        assertEquals(listener, request.listener());
        assertNotEquals(listener, request.id());
        assertEquals(QUEUE_PAIR_A, request.parameters().queuePairNumber());
        assertTrue(startsWith(request.parameters().privateData(), "from a"));
        assertEquals(
                ConnectionParameters.MAX_CONNECT_BYTES, request.parameters().privateData().length);
        assertEquals(3, request.parameters().responderResources());
        assertEquals(2, request.parameters().initiatorDepth());
        assertEquals("rxe_b", request.id().deviceName().orElseThrow());
        try (CmId passive = request.id();
                Arena arena = Arena.ofConfined()) {
            passive.setAckTimeout(Duration.ofMillis(800));
            ConnectionAttributes receiveB = passive.attributes(arena, QueuePairState.RTR);
            ConnectionAttributes sendB = passive.attributes(arena, QueuePairState.RTS);
            passive.accept(ConnectionParameters.of(QUEUE_PAIR_B)
                    .withPrivateData("from b".getBytes(UTF_8))
                    .withReads(3, 2));

            CmEvent response = take(channelA, CmEventType.CONNECT_RESPONSE);
            assertEquals(QUEUE_PAIR_B, response.parameters().queuePairNumber());
            assertTrue(startsWith(response.parameters().privateData(), "from b"));
            ConnectionAttributes receiveA = active.attributes(arena, QueuePairState.RTR);
            ConnectionAttributes sendA = active.attributes(arena, QueuePairState.RTS);
            active.establish();
            take(channelB, CmEventType.ESTABLISHED);

            assertEquals(QUEUE_PAIR_B, receiveA.remoteQueuePair());
            assertEquals(QUEUE_PAIR_A, receiveB.remoteQueuePair());
            assertEquals(sendA.sendPsn(), receiveB.receivePsn());
            assertEquals(sendB.sendPsn(), receiveA.receivePsn());
            assertEquals(ADDRESS_B, receiveA.peer());
            assertEquals(ADDRESS_A, receiveB.peer());
            assertEquals(0x28, receiveA.trafficClass());
            assertEquals(4096, receiveA.pathMtuBytes());
            assertEquals(4096L << 17, sendA.ackTimeoutNanos());
            assertEquals(4096L << 18, sendB.ackTimeoutNanos());
            assertEquals(5, sendA.retryCount());
            assertEquals(3, sendA.initiatorDepth());
            assertEquals(2, receiveA.responderResources());

            active.disconnect();
            take(channelB, CmEventType.DISCONNECTED);
            passive.disconnect();
            take(channelA, CmEventType.DISCONNECTED);
        }
    }

    @Test
    void rejectionCarriesItsReason() {
        resolve(listener.localAddress());
        active.connect(ConnectionParameters.of(QUEUE_PAIR_A));
        CmEvent request = take(channelB, CmEventType.CONNECT_REQUEST);
        request.id().reject("not today".getBytes(UTF_8));
        request.id().close();

        CmEvent rejected = take(channelA, CmEventType.REJECTED);
        assertEquals(CmRejection.CONSUMER_DEFINED, CmRejection.ofStatus(rejected.status()));
        assertTrue(startsWith(rejected.parameters().privateData(), "not today"));
        DeviceException failure = rejected.failure().orElseThrow();
        assertEquals("rdma_connect", failure.function());
        assertTrue(String.valueOf(failure.getMessage()).contains("the application at the peer refused"));
    }

    @Test
    void connectionIsRefusedWhereNobodyListens() {
        InetSocketAddress nobody = listener.localAddress();
        listener.close();
        resolve(nobody);
        active.connect(ConnectionParameters.of(QUEUE_PAIR_A));
        CmEvent rejected = take(channelA, CmEventType.REJECTED);
        assertEquals(CmRejection.INVALID_SERVICE_ID, CmRejection.ofStatus(rejected.status()));
        DeviceException failure = rejected.failure().orElseThrow();
        assertEquals("ECONNREFUSED", failure.errorName());
        assertTrue(String.valueOf(failure.getMessage()).contains("nobody listens there"), failure.getMessage());
    }

    @Test
    void addressThatNobodyHasEndsAsAnEvent() {
        active.resolveAddress(null, new InetSocketAddress("10.77.0.99", 7471), Duration.ofMillis(300));
        CmEvent event = take(channelA, CmEventType.ADDR_ERROR);
        assertNotEquals(0, event.status());
        DeviceException failure = event.failure().orElseThrow();
        assertEquals("rdma_resolve_addr", failure.function());
        assertFalse(failure.errorName().isEmpty());
    }

    @Test
    void destinationWithoutRouteIsRefused() {
        DeviceException e = assertThrows(
                DeviceException.class,
                () -> active.resolveAddress(null, new InetSocketAddress("192.0.2.1", 7471), RESOLVE));
        assertEquals("ENETUNREACH", e.errorName(), e.getMessage());
        assertTrue(String.valueOf(e.getMessage()).contains("ip route get"), e.getMessage());
    }

    @Test
    void foreignAddressAndTakenPortCannotBeBound() {
        DeviceException foreign =
                assertThrows(DeviceException.class, () -> active.bind(new InetSocketAddress("192.0.2.1", 0)));
        assertEquals("rdma_bind_addr", foreign.function());
        assertFalse(foreign.errorName().startsWith("errno"), foreign.getMessage());
        try (CmId second = channelB.createId(PortSpace.TCP)) {
            DeviceException taken = assertThrows(DeviceException.class, () -> second.bind(listener.localAddress()));
            assertEquals("EADDRINUSE", taken.errorName());
        }
    }

    @Test
    void reusedAddressCanBeBoundTwice() {
        try (CmId first = channelB.createId(PortSpace.TCP);
                CmId second = channelB.createId(PortSpace.TCP)) {
            first.setReuseAddress(true);
            second.setReuseAddress(true);
            first.bind(new InetSocketAddress(ADDRESS_B, 0));
            second.bind(first.localAddress());
            assertEquals(first.localAddress(), second.localAddress());
        }
    }

    @Test
    void callsOutOfOrderAreRefused() {
        DeviceException connect =
                assertThrows(DeviceException.class, () -> active.connect(ConnectionParameters.of(QUEUE_PAIR_A)));
        assertEquals("rdma_connect", connect.function());
        assertFalse(connect.errorName().startsWith("errno"), connect.getMessage());
        assertEquals(
                "EINVAL",
                assertThrows(DeviceException.class, active::disconnect).errorName());
        assertThrows(DeviceException.class, () -> active.resolveRoute(RESOLVE));
    }

    @Test
    void datagramServiceTellsItsQueuePair() {
        try (CmId service = channelB.createId(PortSpace.UDP);
                CmId client = channelA.createId(PortSpace.UDP)) {
            service.bind(new InetSocketAddress(ADDRESS_B, 0));
            service.listen(1);
            client.resolveAddress(null, service.localAddress(), RESOLVE);
            take(channelA, CmEventType.ADDR_RESOLVED);
            client.resolveRoute(RESOLVE);
            take(channelA, CmEventType.ROUTE_RESOLVED);
            client.connect(ConnectionParameters.of(QUEUE_PAIR_A).withPrivateData("who?".getBytes(UTF_8)));
            CmEvent request = take(channelB, CmEventType.CONNECT_REQUEST);
            byte[] asked = new byte[4];
            request.datagramPeer().privateData().get(asked);
            assertEquals("who?", new String(asked, UTF_8));
            try (CmId answer = request.id()) {
                answer.accept(ConnectionParameters.of(QUEUE_PAIR_B).withPrivateData("me".getBytes(UTF_8)));
                CmEvent established = take(channelA, CmEventType.ESTABLISHED);
                DatagramPeer peer = established.datagramPeer();
                assertEquals(QUEUE_PAIR_B, peer.queuePairNumber());
                assertEquals(0x01234567, peer.queueKey());
                assertEquals(ADDRESS_B, peer.addressVector().address());
            }
        }
    }

    @Test
    void anyThreadWakesTheWaitingOne() throws InterruptedException {
        Thread waker = Thread.ofPlatform().start(channelA::wakeup);
        assertNull(channelA.await(-1));
        waker.join();
        assertNull(channelA.await(1_000_000));
    }

    @Test
    void channelIsClosedAfterItsIdentifiers() {
        IllegalStateException e = assertThrows(IllegalStateException.class, channelB::close);
        assertTrue(String.valueOf(e.getMessage()).contains("10.77.0.2"), e.getMessage());
        listener.close();
        listener.close();
        assertThrows(IllegalStateException.class, listener::localAddress);
    }

    private void resolve(InetSocketAddress remote) {
        active.resolveAddress(null, remote, RESOLVE);
        take(channelA, CmEventType.ADDR_RESOLVED);
        active.resolveRoute(RESOLVE);
        take(channelA, CmEventType.ROUTE_RESOLVED);
    }

    private static CmEvent take(CmEventChannel channel, CmEventType expected) {
        CmEvent event = channel.await(WAIT_NANOS);
        assertNotNull(event, () -> "no event, expected " + expected);
        assertEquals(expected, event.type(), event::toString);
        return event;
    }

    private static boolean startsWith(byte[] bytes, String text) {
        byte[] prefix = text.getBytes(UTF_8);
        return bytes.length >= prefix.length && Arrays.equals(Arrays.copyOf(bytes, prefix.length), prefix);
    }
}
