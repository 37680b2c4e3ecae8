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

import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.Transmit;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Has engines write packets and chunks into send buffers, and collects them for the device.
///
/// Threading: belongs to one agent.
final class PacketSender {
    /// Packets that one connection may send before the next one has its turn.
    private static final int SEND_QUANTUM_PACKETS = 64;

    private final DataPort port;
    private final List<DataLane> lanes;
    private final PacketSlab sendSlab;
    private final AgentCounters counters;
    private final Transmit transmit = new Transmit();
    private boolean blocked;
    private boolean more;

    PacketSender(DataPort port, AgentCounters counters) {
        this.port = port;
        this.counters = counters;
        lanes = port.lanes();
        sendSlab = port.sendSlab();
    }

    /// True when the last turn was cut short because the send queues were full.
    boolean isBlocked() {
        return blocked;
    }

    /// True when the last turn was cut short: the engine may have more to send.
    boolean hasMore() {
        return more;
    }

    /// Lets a connection send.
    ///
    /// @return packets sent
    int transmit(ConnectionDriver driver, long nowNanos) {
        final ConnectionEngine engine = driver.engine();
        final MemorySegment segment = sendSlab.segment();
        int sent = 0;
        int room = 0;
        blocked = false;
        more = true;
        while (sent < SEND_QUANTUM_PACKETS) {
            if (room == 0) {
                room = roomAfterPosting(driver.direct());
                if (room == 0) {
                    counters.sendBlocked++;
                    blocked = true;
                    break;
                }
            }
            final int slot = sendSlab.take();
            transmit.buffer(segment, sendSlab.offset(slot), sendSlab.slotBytes());
            final int length = pollTransmit(engine, slot, nowNanos);
            if (length == 0) {
                sendSlab.free(slot);
                more = false;
                break;
            }
            collect(driver, slot, length);
            sent++;
            room--;
        }
        counters.sentPackets += sent;
        return sent;
    }

    private void collect(ConnectionDriver driver, int slot, int length) {
        final int lane = transmit.lane();
        final DirectLanes own = driver.direct();
        if (own != null && transmit.isPlaced()) {
            final long address = transmit.remoteAddress();
            own.lane(lane).collect(slot, length, address, transmit.remoteKey(), transmit.immediate());
        } else if (own != null && own.carriesPackets()) {
            own.lane(lane).collectPacket(slot, length);
        } else {
            lanes.get(lane).collect(slot, length, driver, driver.remote(lane));
        }
    }

    private int pollTransmit(ConnectionEngine engine, int slot, long nowNanos) {
        boolean returned = false;
        try {
            final int length = engine.pollTransmit(nowNanos, transmit);
            returned = true;
            return length;
        } finally {
            if (!returned) {
                sendSlab.free(slot);
            }
        }
    }

    private int roomAfterPosting(@Nullable DirectLanes placing) {
        final int room = sendRoom(placing);
        if (room > 0) {
            return room;
        }
        port.postSends();
        if (placing != null) {
            placing.postSends();
        }
        return sendRoom(placing);
    }

    private int sendRoom(@Nullable DirectLanes placing) {
        return placing == null ? port.sendRoom() : Math.min(port.sendRoom(), placing.sendRoom());
    }
}
