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
package io.longhaul.verbs.ibv;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairState;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.cm.CmEvent;
import io.longhaul.verbs.cm.CmEventChannel;
import io.longhaul.verbs.cm.CmEventType;
import io.longhaul.verbs.cm.CmId;
import io.longhaul.verbs.cm.ConnectionParameters;
import io.longhaul.verbs.cm.PortSpace;
import io.longhaul.verbs.cm.RdmaCm;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/// Reliable connections of real queue pairs, made by the connection manager.
@Tag("guest")
@Timeout(60)
@EnabledIfEnvironmentVariable(
        named = "RXE_LAB",
        matches = "1",
        disabledReason = "needs rxe_a and rxe_b of the lab guest")
class CmConnectionGuestTest {
    private static final Duration RESOLVE = Duration.ofSeconds(2);
    private static final long WAIT_NANOS = 20_000_000_000L;
    private static final long VALUE = 0x0123456789abcdefL;
    private static final long TARGET_OFFSET = 4096;
    private static final int ACCESS = AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ;

    @Test
    void bytesFlowOverAConnectionMadeByAddress() throws Exception {
        RdmaCm cm = new RdmaCm();
        try (GuestSide a = new GuestSide(true);
                GuestSide b = new GuestSide(false);
                CmEventChannel channelA = cm.openEventChannel();
                CmEventChannel channelB = cm.openEventChannel();
                CmId listener = channelB.createId(PortSpace.TCP);
                CmId active = channelA.createId(PortSpace.TCP)) {
            QueuePair pairA = a.queuePair(QueuePair.Type.RC);
            QueuePair pairB = b.queuePair(QueuePair.Type.RC);
            listener.bind(new InetSocketAddress(GuestDevices.ADDRESS_B, 0));
            listener.listen(1);
            resolve(channelA, active, listener.localAddress());
            active.connect(ConnectionParameters.of(pairA.number()).withReads(1, 1));

            CmEvent request = take(channelB, CmEventType.CONNECT_REQUEST);
            try (CmId passive = request.id()) {
                passive.setAckTimeout(Duration.ofMillis(300));
                passive.bringToReadyToSend(pairB, ACCESS);
                assertEquals(1, pairB.postReceive(b.receives, 0, 1));
                passive.accept(
                        ConnectionParameters.of(pairB.number()).withReads(1, 1).withPrivateData(target(b)));

                CmEvent response = take(channelA, CmEventType.CONNECT_RESPONSE);
                active.bringToReadyToSend(pairA, ACCESS);
                active.establish();
                take(channelB, CmEventType.ESTABLISHED);
                assertEquals(QueuePairState.RTS, pairA.state());
                writeThenRing(a, b, pairA, ByteBuffer.wrap(response.parameters().privateData()));

                active.disconnect();
                take(channelB, CmEventType.DISCONNECTED);
            }
        }
    }

    /// Where the peer may write: address and key, the usual private data.
    private static byte[] target(GuestSide side) {
        return ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
                .putLong(side.region.address() + TARGET_OFFSET)
                .putInt(side.region.remoteKey())
                .array();
    }

    private static void writeThenRing(GuestSide a, GuestSide b, QueuePair pairA, ByteBuffer target) {
        a.region.segment().set(JAVA_LONG_UNALIGNED, 0, VALUE);
        a.sends
                .payload(0, a.region, 0, Long.BYTES)
                .opcode(0, SendRequests.Opcode.WRITE_WITH_IMM)
                .immediate(0, 42)
                .remoteMemory(0, target.getLong(), target.getInt());
        assertEquals(1, pairA.postSend(a.sends, 0, 1));
        a.awaitStatus(CompletionStatus.SUCCESS);
        b.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(WorkCompletions.OPCODE_RECEIVE_WRITE_WITH_IMM, b.completions.opcode(0));
        assertEquals(42, b.completions.immediate(0));
        assertEquals(VALUE, b.region.segment().get(JAVA_LONG_UNALIGNED, TARGET_OFFSET));
    }

    private static void resolve(CmEventChannel channel, CmId id, InetSocketAddress remote) {
        id.setAckTimeout(Duration.ofMillis(300));
        id.resolveAddress(null, remote, RESOLVE);
        take(channel, CmEventType.ADDR_RESOLVED);
        id.resolveRoute(RESOLVE);
        take(channel, CmEventType.ROUTE_RESOLVED);
    }

    private static CmEvent take(CmEventChannel channel, CmEventType expected) {
        CmEvent event = channel.await(WAIT_NANOS);
        assertNotNull(event, () -> "no event, expected " + expected);
        assertEquals(expected, event.type(), event::toString);
        return event;
    }
}
