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
import io.longhaul.LonghaulConfig.Placement;
import io.longhaul.core.PlacementPort;
import io.longhaul.endpoint.BootstrapMessage.PlacementOffer;
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.DeviceCapabilities;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.WorkCompletions;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The UC queue pairs that one connection owns for direct placement, with one completion queue, and the memory that its
/// peer may write through them. All of it is in a protection domain of its own: no peer can use the key of another.
///
/// Threading: belongs to one agent, which also makes and closes it.
final class DirectLanes implements PlacementPort, AutoCloseable {
    /// Most queue pairs of a connection.
    static final int MAX_LANES = 8;

    private static final int SEND_DEPTH = 512;
    private static final int RECEIVE_DEPTH = 4096;
    private static final int PACKET_DEPTH = 512;
    private static final int MOST_RECEIVE_DEPTH = 65_536;
    private static final int LEAST_RECEIVE_DEPTH = 64;
    private static final int PSN_MASK = 0xff_ffff;
    private static final int LEAST_MTU_BYTES = 256;
    private static final int MOST_MTU_BYTES = 4096;

    private final DataPort port;
    private final RateLimitedLog log;
    private final Arena arena = Arena.ofShared();
    private final ArrayDeque<Runnable> resources = new ArrayDeque<>(); // what frees them, last made first
    private final ProtectionDomain domain;
    private final MemoryRegion sendRegion;
    private final CompletionQueue sendQueue;
    private final CompletionQueue receiveQueue;
    private final List<DirectLane> lanes = new ArrayList<>();
    private final boolean packets; // carries them, and places nothing
    private final int ownMaxChunkBytes;
    private final boolean anyChunkSize;
    private final List<@Nullable MemoryRegion> regions = new ArrayList<>(); // [handle]
    private final ArrayDeque<Integer> freeHandles = new ArrayDeque<>();
    private int maxChunkBytes;
    private long sendErrors;
    private boolean closed;

    /// Makes queue pairs in INIT with their receives posted.
    ///
    /// @throws DeviceException when the device has no UC queue pairs, or no more of them
    DirectLanes(DataPort port, int laneCount, LonghaulConfig config, RateLimitedLog log) {
        this.port = port;
        this.log = log;
        final RdmaDevice device = port.device();
        packets = config.placement() == Placement.SEND_UC;
        ownMaxChunkBytes = port.maxPacketBytes() & -4;
        // The software device sends any size; others know the MTUs of InfiniBand.
        anyChunkSize = device.capabilities().anyUdpPort();
        boolean complete = false;
        resources.push(arena::close);
        try {
            final int most =
                    receiveDepth(device.capabilities(), laneCount, config.rateHintBitsPerSecond(), ownMaxChunkBytes);
            final int depth = packets ? Math.min(most, packetDepth(config, laneCount, ownMaxChunkBytes)) : most;
            domain = device.allocateProtectionDomain();
            resources.push(domain::close);
            sendRegion = domain.registerMemory(port.sendSlab().segment(), 0);
            resources.push(sendRegion::close);
            sendQueue = device.createCompletionQueue(laneCount * SEND_DEPTH, port.channel());
            resources.push(sendQueue::close);
            receiveQueue = device.createCompletionQueue(laneCount * depth, port.channel());
            resources.push(receiveQueue::close);
            for (int i = 0; i < laneCount; i++) {
                lanes.add(openLane(i, depth, (int) config.random().getAsLong() & PSN_MASK));
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /// Receives of each lane: what the declared rate brings within a pause, or a default, within what the device
    /// can
    /// hold.
    ///
    /// @param chunkBytes length of the chunks that use them up
    /// @throws DeviceException when its completion queues are too short for so many lanes
    static int receiveDepth(DeviceCapabilities device, int laneCount, long rateBitsPerSecond, int chunkBytes) {
        final double hinted = rateBitsPerSecond / 8.0 * DataPort.PAUSE_SECONDS / chunkBytes / laneCount;
        final int wanted = (int) Math.clamp(hinted, RECEIVE_DEPTH, MOST_RECEIVE_DEPTH);
        final int entries = device.maxCompletionQueueEntries() / laneCount;
        final int depth = Math.min(Math.min(wanted, device.maxWorkRequests()), entries);
        if (depth < LEAST_RECEIVE_DEPTH || entries < SEND_DEPTH) {
            throw new DeviceException(
                    "receiveDepth",
                    "",
                    laneCount + " lanes need a completion queue of "
                            + laneCount * Math.max(SEND_DEPTH, LEAST_RECEIVE_DEPTH)
                            + " entries and " + LEAST_RECEIVE_DEPTH + " work requests, but the device has "
                            + device.maxCompletionQueueEntries() + " and " + device.maxWorkRequests()
                            + "; configure fewer lanes");
        }
        return depth;
    }

    /// Receive buffers of each lane that carries packets, which belong to one connection alone: what the declared
    /// rate
    /// brings within a pause, or a default.
    static int packetDepth(LonghaulConfig config, int laneCount, int packetBytes) {
        if (config.receiveQueuePackets() != 0) {
            return config.receiveQueuePackets();
        }
        final double hinted = config.rateHintBitsPerSecond() / 8.0 * DataPort.PAUSE_SECONDS / packetBytes / laneCount;
        return (int) Math.clamp(hinted, PACKET_DEPTH, MOST_RECEIVE_DEPTH);
    }

    private DirectLane openLane(int index, int depth, int startPsn) {
        final PacketSlab receiveSlab = packets ? receiveSlab(depth) : null;
        final QueuePair queuePair = domain.createQueuePair(
                new QueuePairConfig(QueuePair.Type.UC, sendQueue, receiveQueue, SEND_DEPTH, depth, index));
        final DirectLane lane =
                new DirectLane(queuePair, startPsn, SEND_DEPTH, port.sendSlab(), sendRegion, receiveSlab, arena);
        boolean complete = false;
        try {
            queuePair.toInit(AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE, 0);
            lane.addReceives(depth);
            lane.postReceives();
            complete = true;
            return lane;
        } finally {
            if (!complete) {
                lane.close();
            }
        }
    }

    private PacketSlab receiveSlab(int depth) {
        final PacketSlab slab = new PacketSlab(arena, domain, AccessFlags.LOCAL_WRITE, depth, ownMaxChunkBytes);
        resources.push(slab::close);
        return slab;
    }

    /// True when the connection's packets go over these queue pairs, and nothing is placed.
    boolean carriesPackets() {
        return packets;
    }

    /// What this end tells the other.
    PlacementOffer offer() {
        return new PlacementOffer(
                ownMaxChunkBytes,
                anyChunkSize,
                packets,
                lanes.stream().map(DirectLane::address).toList());
    }

    /// Joins the queue pairs with the peer's; those that the peer has not are closed.
    void connect(InetAddress remote, PlacementOffer peer) {
        while (lanes.size() > peer.lanes().size()) {
            lanes.removeLast().close();
        }
        maxChunkBytes = chunkBytes(ownMaxChunkBytes, anyChunkSize, peer);
        for (int i = 0; i < lanes.size(); i++) {
            final DirectLane lane = lanes.get(i);
            final LaneAddress far = peer.lanes().get(i);
            final AddressVector vector = port.placementVector(remote, far.udpPort(), i);
            lane.queuePair().toReadyToReceive(vector, far.queuePair(), far.queueKey(), maxChunkBytes);
            lane.queuePair().toReadyToSend(lane.startPsn());
        }
    }

    /// Largest chunk that both devices carry in one packet: an MTU of InfiniBand unless both take any size.
    static int chunkBytes(int ownBytes, boolean ownAnySize, PlacementOffer peer) {
        final int bytes = Math.min(ownBytes, peer.maxChunkBytes());
        if (ownAnySize && peer.anyChunkSize()) {
            return bytes & -4;
        }
        return Math.clamp(Integer.highestOneBit(bytes), LEAST_MTU_BYTES, MOST_MTU_BYTES);
    }

    @Override
    public int lanes() {
        return lanes.size();
    }

    @Override
    public int maxChunkBytes() {
        return maxChunkBytes;
    }

    @Override
    public int lowerHeaderBytes() {
        return port.lowerHeaderBytes() + DataPort.PLACEMENT_MORE_BYTES;
    }

    @Override
    public int register(MemorySegment memory) {
        final MemoryRegion region;
        try {
            region = domain.registerMemory(memory, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
        } catch (DeviceException | IllegalArgumentException | IllegalStateException e) {
            // The device refuses, or the application closed the arena a moment ago.
            log.log(Level.WARNING, "memory is not placed directly, but copied: " + e.getMessage());
            return NONE;
        }
        final Integer free = freeHandles.poll();
        if (free != null) {
            regions.set(free, region);
            return free;
        }
        regions.add(region);
        return regions.size() - 1;
    }

    private MemoryRegion region(int handle) {
        return Objects.requireNonNull(regions.get(handle), "the handle is in use");
    }

    @Override
    public long address(int handle) {
        return region(handle).address();
    }

    @Override
    public int key(int handle) {
        return region(handle).remoteKey();
    }

    @Override
    public void invalidate(int handle) {
        final MemoryRegion region = region(handle);
        regions.set(handle, null);
        freeHandles.push(handle);
        // The first failure may be a word about freed memory after the key has ended: then the second call does
        // nothing.
        if (tryRun(region::close)) {
            return;
        }
        final boolean ended = tryRun(region::close);
        if (!ended) {
            cutOff();
            resources.push(region::close);
        }
    }

    // A key that the device will not end is worth nothing without queue pairs in its domain.
    private void cutOff() {
        log.log(Level.ERROR, "a key for direct placement cannot be ended; the connection goes on without placement");
        lanes.forEach(lane -> tryRun(lane::close));
    }

    private boolean tryRun(Runnable step) {
        try {
            step.run();
            return true;
        } catch (RuntimeException e) {
            log.log(Level.WARNING, "direct placement: " + e.getMessage());
            return false;
        }
    }

    /// Chunks that every lane can take before this must be asked again.
    int sendRoom() {
        int room = Integer.MAX_VALUE;
        for (int i = 0; i < lanes.size(); i++) {
            room = Math.min(room, lanes.get(i).sendRoom());
        }
        return room;
    }

    ProtectionDomain domain() {
        return domain;
    }

    DirectLane lane(int index) {
        return lanes.get(index);
    }

    /// Posts what was collected.
    void postSends() {
        for (int i = 0; i < lanes.size(); i++) {
            lanes.get(i).postSends();
        }
    }

    /// Has the channel told of the next chunk.
    ///
    /// @param wantsRoom true to have it told of the next send that completes, too
    void requestNotify(boolean wantsRoom) {
        receiveQueue.requestNotify(false);
        if (wantsRoom && hasOutstanding()) {
            sendQueue.requestNotify(false);
        }
    }

    /// True when nothing can carry the connection's packets any more.
    boolean isDead() {
        if (!packets || closed) {
            return false;
        }
        for (int i = 0; i < lanes.size(); i++) {
            if (!lanes.get(i).isFailed()) {
                return false;
            }
        }
        return true;
    }

    private boolean hasOutstanding() {
        for (int i = 0; i < lanes.size(); i++) {
            if (lanes.get(i).hasOutstanding()) {
                return true;
            }
        }
        return false;
    }

    /// What happens to chunks that arrive.
    interface Sink {
        /// A chunk was placed by the peer.
        void onPlaced(int lane, int immediate, int bytes);

        /// A packet arrived.
        void onPacket(int lane, MemorySegment segment, long offset, int length);

        /// A packet is longer than the path or the device takes.
        void onPacketTooLarge(int lane, int length);
    }

    /// Takes completions.
    ///
    /// @return how many, of sends or of receives, whichever are more
    int poll(WorkCompletions completions, EngineAgent agent, Sink sink) {
        if (closed) {
            return 0;
        }
        final int sent = hasOutstanding() ? sendQueue.poll(completions, completions.capacity()) : 0;
        for (int i = 0; i < sent && !closed; i++) {
            final int lane = laneOf(completions.queuePair(i));
            if (lane >= 0) {
                onSent(completions, i, lane, sink);
            }
        }
        final int received = closed ? 0 : receiveQueue.poll(completions, completions.capacity());
        if (received > 0) {
            agent.tick();
        }
        for (int i = 0; i < received && !closed; i++) {
            final int lane = laneOf(completions.queuePair(i));
            if (lane >= 0) {
                onReceived(completions, i, lane, sink);
            }
        }
        return Math.max(sent, received);
    }

    private int laneOf(int queuePair) {
        for (int i = 0; i < lanes.size(); i++) {
            if (lanes.get(i).queuePair().number() == queuePair) {
                return i;
            }
        }
        return -1;
    }

    private void onSent(WorkCompletions completions, int index, int laneIndex, Sink sink) {
        final DirectLane lane = lanes.get(laneIndex);
        final long position = completions.id(index);
        final CompletionStatus status = completions.status(index);
        final int length = lane.length(position);
        lane.complete(position);
        if (packets && status == CompletionStatus.LOCAL_LENGTH_ERROR) {
            sink.onPacketTooLarge(laneIndex, length);
        } else if (!completions.isSuccess(index)) {
            onSendError(status);
        }
    }

    private void onReceived(WorkCompletions completions, int index, int laneIndex, Sink sink) {
        final DirectLane lane = lanes.get(laneIndex);
        if (!completions.isSuccess(index)) {
            onReceiveError(lane, completions.status(index));
            return;
        }
        final PacketSlab slab = lane.receiveSlab();
        if (slab != null) {
            final int slot = (int) completions.id(index);
            sink.onPacket(laneIndex, slab.segment(), slab.offset(slot), completions.byteLength(index));
            if (!closed) { // by the packet
                lane.recycle(slot);
            }
            return;
        }
        lane.onReceived();
        if (completions.hasImmediate(index)) {
            sink.onPlaced(laneIndex, completions.immediate(index), completions.byteLength(index));
        }
    }

    // The chunk is lost: it is repeated by SEND, and a lane on which nothing arrives is left alone.
    private void onSendError(CompletionStatus status) {
        if (sendErrors++ == 0) {
            log.log(
                    Level.WARNING,
                    "a queue pair of a connection failed with " + status + (packets ? "" : "; its chunks are sent"));
        }
    }

    // The queue pair is in ERR, where every receive that is posted comes back at once.
    private void onReceiveError(DirectLane lane, CompletionStatus status) {
        if (!lane.isFailed()) {
            log.log(Level.WARNING, "a queue pair of a connection takes no more, " + status);
        }
        lane.onFailed();
    }

    /// Posts the receives that were used up.
    void postReceives() {
        for (int i = 0; i < lanes.size() && !closed; i++) {
            lanes.get(i).postReceives();
        }
    }

    /// Destroys the queue pairs, after the engine has ended all keys. Does not throw: what the device does not free
    /// is
    /// told in the log, and left.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (packets) {
            lanes.forEach(lane -> tryRun(lane::postSends)); // the last words
        }
        lanes.forEach(lane -> tryRun(lane::close));
        for (int handle = 0; handle < regions.size(); handle++) {
            if (regions.get(handle) != null) {
                invalidate(handle);
            }
        }
        while (!resources.isEmpty()) {
            tryRun(resources.pop());
        }
    }
}
