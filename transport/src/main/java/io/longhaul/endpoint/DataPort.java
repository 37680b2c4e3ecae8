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

import io.longhaul.LonghaulConfig;
import io.longhaul.core.PacketSealer;
import io.longhaul.core.SealingLimits;
import io.longhaul.core.SealingParameters;
import io.longhaul.core.SealingScratch;
import io.longhaul.core.fec.ErasureKernel;
import io.longhaul.core.fec.XorKernel;
import io.longhaul.isal.ErasureLibrary;
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The device behind one local address, with the lanes that all connections of that address share.
///
/// Memory: receive buffers of {@code lanes x receiveQueuePackets} packets, 512 send buffers for each lane.
///
/// Threading: made by any thread, then owned by one agent; {@link #close} after the agent has ended.
final class DataPort implements AutoCloseable {
    /// Sends that may be outstanding on a lane.
    static final int SEND_DEPTH = 512;

    /// Receive memory of a port without an explicit queue depth.
    static final long MAX_RECEIVE_BYTES = 64L << 20;

    private static final int DEFAULT_RECEIVE_PACKETS = 2048;
    private static final int MIN_RECEIVE_PACKETS = 64;
    private static final int MAX_RECEIVE_PACKETS = 65_536;

    /// Longest pause of the agent (garbage collection, scheduling) that the receive queues bridge.
    static final double PAUSE_SECONDS = 0.020;

    /// What UDP, BTH, DETH and ICRC add below a packet, bytes; the IP header comes on top.
    private static final int UDP_AND_ROCE_BYTES = 8 + 12 + 8 + 4;

    /// What RETH and ImmDt of a placed chunk have more than the DETH of a packet, bytes.
    static final int PLACEMENT_MORE_BYTES = 16 + 4 - 8;

    private static final int IPV4_BYTES = 20;
    private static final int IPV6_BYTES = 40;
    private static final int MAX_PACKET_BYTES = 65_000;
    private static final int HOP_LIMIT = 64;
    private static final int ECN_BITS = 2;
    private static final int ECT_MASK = 3;

    private final InetAddress address;
    private final RdmaDevice device;
    private final Arena arena;
    private final int trafficClass;
    private final int maxPacketBytes;
    private @Nullable SealingScratch scratch; // made with the first sealed connection
    private final CompletionChannel channel;
    private final ProtectionDomain domain;
    private final PacketSlab sendSlab;
    private final List<DataLane> lanes = new ArrayList<>();
    private @Nullable ErasureKernel kernel;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>(); // last made first

    /// Opens everything.
    ///
    /// @throws io.longhaul.verbs.DeviceException when the device refuses
    DataPort(InetAddress address, RdmaDevice device, LonghaulConfig config) {
        this.address = address;
        this.device = device;
        trafficClass = config.dscp() << ECN_BITS | AddressVector.ECT_0;
        boolean complete = false;
        resources.push(device);
        try {
            arena = keep(Arena.ofShared());
            final int deviceBytes =
                    Math.min(MAX_PACKET_BYTES, device.portAttributes().maxPayloadBytes());
            maxPacketBytes =
                    config.maxPacketBytes() == 0 ? deviceBytes : Math.min(config.maxPacketBytes(), deviceBytes);
            channel = keep(device.createCompletionChannel());
            domain = keep(device.allocateProtectionDomain());
            sendSlab = keep(new PacketSlab(arena, domain, 0, config.lanes() * SEND_DEPTH, maxPacketBytes));
            final int receiveDepth = receiveDepth(config, maxPacketBytes);
            for (int i = 0; i < config.lanes(); i++) {
                lanes.add(openLane(i, receiveDepth, config));
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /// The kernel of erasure coding that all connections of the address share: ISA-L where it is installed. The
    /// agent.
    ErasureKernel erasureKernel() {
        ErasureKernel present = kernel;
        if (present == null) {
            present = ErasureLibrary.unavailable().isEmpty() ? new IsaLKernel(arena) : new XorKernel();
            kernel = present;
        }
        return present;
    }

    private DataLane openLane(int index, int receiveDepth, LonghaulConfig config) {
        final CompletionQueue sent = keep(device.createCompletionQueue(SEND_DEPTH, channel));
        final CompletionQueue received = keep(device.createCompletionQueue(receiveDepth, channel));
        final PacketSlab receiveSlab = keep(new PacketSlab(
                arena, domain, AccessFlags.LOCAL_WRITE, receiveDepth, maxPacketBytes + WorkCompletions.GRH_BYTES));
        final QueuePair queuePair = keep(domain.createQueuePair(
                new QueuePairConfig(QueuePair.Type.UD, sent, received, SEND_DEPTH, receiveDepth, index)));
        final int queueKey = (int) config.random().getAsLong() & Integer.MAX_VALUE;
        queuePair.toInit(0, queueKey);
        final DataLane lane = new DataLane(
                new DataLane.Parts(index, queuePair, sent, received, queueKey, SEND_DEPTH),
                sendSlab,
                receiveSlab,
                SendRequests.allocate(arena, DataLane.SEND_BATCH),
                ReceiveRequests.allocate(arena, DataLane.RECEIVE_BATCH));
        while (receiveSlab.freeSlots() > 0) {
            lane.recycle(receiveSlab.take());
        }
        lane.postReceives();
        queuePair.toReadyToReceive();
        queuePair.toReadyToSend(0);
        return lane;
    }

    /// Receive buffers of a lane: what the declared rate brings within a pause, or a default, within a cap.
    static int receiveDepth(LonghaulConfig config, int maxPacketBytes) {
        if (config.receiveQueuePackets() != 0) {
            return config.receiveQueuePackets();
        }
        final int slotBytes = PacketSlab.roundUp(maxPacketBytes + WorkCompletions.GRH_BYTES);
        final double hinted = config.rateHintBitsPerSecond() / 8.0 * PAUSE_SECONDS / maxPacketBytes;
        final long wanted = Math.max(DEFAULT_RECEIVE_PACKETS, (long) Math.ceil(hinted));
        final long affordable = MAX_RECEIVE_BYTES / config.lanes() / slotBytes;
        return Math.clamp(Math.min(wanted, affordable), MIN_RECEIVE_PACKETS, MAX_RECEIVE_PACKETS);
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.push(resource);
        return resource;
    }

    InetAddress address() {
        return address;
    }

    RdmaDevice device() {
        return device;
    }

    /// Owner of memory that must live as long as the port.
    Arena arena() {
        return arena;
    }

    CompletionChannel channel() {
        return channel;
    }

    List<DataLane> lanes() {
        return lanes;
    }

    PacketSlab sendSlab() {
        return sendSlab;
    }

    /// Largest packet that the device carries, within the configured cap.
    int maxPacketBytes() {
        return maxPacketBytes;
    }

    /// What the layers below add to a packet, bytes.
    int lowerHeaderBytes() {
        return UDP_AND_ROCE_BYTES + (address instanceof Inet6Address ? IPV6_BYTES : IPV4_BYTES);
    }

    /// Makes the destination of a lane. Agent only.
    AddressHandle createAddressHandle(InetAddress remote, int udpPort, int lane) {
        return domain.createAddressHandle(new AddressVector(remote, reach(udpPort), trafficClass, lane, HOP_LIMIT));
    }

    ProtectionDomain domain() {
        return domain;
    }

    /// The peer of a queue pair for placement. Its packets are not ECN-capable: nobody would see the marks.
    AddressVector placementVector(InetAddress remote, int udpPort, int lane) {
        return new AddressVector(remote, reach(udpPort), trafficClass & ~ECT_MASK, lane, HOP_LIMIT);
    }

    // NICs and rxe send to one port alone; a software device that listens there takes the packets of all its lanes.
    private int reach(int udpPort) {
        return device.capabilities().anyUdpPort() ? udpPort : AddressVector.ROCE_UDP_PORT;
    }

    /// Whether this device can send to the peer's lanes.
    ///
    /// @param lanes the peer's, of which the first is at the port on which its device listens
    boolean reaches(List<LaneAddress> lanes) {
        return reach(lanes.getFirst().udpPort()) == lanes.getFirst().udpPort();
    }

    /// A sealer for one connection of this port; its scratch memory is shared by all of them. Agent only.
    ///
    /// @param parameters what bootstrap agreed on; null for none
    @Nullable
    PacketSealer sealer(@Nullable SealingParameters parameters) {
        if (parameters == null) {
            return null;
        }
        final SealingScratch memory = scratch == null ? new SealingScratch(maxPacketBytes) : scratch;
        scratch = memory;
        return new PacketSealer(parameters, SealingLimits.DEFAULT, memory);
    }

    /// Sends that every lane can take, and for which there are buffers, before this must be asked again.
    int sendRoom() {
        int room = sendSlab.freeSlots();
        for (int i = 0; i < lanes.size() && room > 0; i++) {
            room = Math.min(room, lanes.get(i).sendRoom());
        }
        return room;
    }

    /// Posts everything that was collected.
    void postSends() {
        for (int i = 0; i < lanes.size(); i++) {
            lanes.get(i).postSends();
        }
    }

    @Override
    public String toString() {
        return "device " + device.name() + " at " + address.getHostAddress();
    }

    /// Frees everything, last made first.
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            } catch (Exception e) {
                throw new AssertionError("resources of a port throw no checked exceptions", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
