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

import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.WorkCompletions;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.jspecify.annotations.Nullable;

/// Serves the connections of one port: moves packets between the device and the engines, runs timers, tells the
/// application.
///
/// Nothing is allocated per packet. A packet that names no live connection costs one look-up and a count.
///
/// Threading: {@link #doWork} and {@link #park} by one thread; {@link #stop}, {@link #awaitEnd} and {@link #commands}
/// by any.
final class EngineAgent implements Agent {
    /// Completions of a lane that are taken before the next lane has its turn: one burst of a peer's, so that the
    /// lanes are served about in the order in which the packets were sent.
    private static final int COMPLETIONS_PER_POLL = 8;

    /// Turns of each lane in a duty cycle: then acknowledgements have to leave.
    private static final int ROUNDS_PER_CYCLE = 32;

    private static final int COMMANDS_PER_CYCLE = 256;

    private static final long CALLBACK_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /// Longest sleep: bounds what a lost wake-up of a device would cost.
    private static final long MAX_PARK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Sleep of an agent whose device has failed: it only ends connections.
    private static final long FAILED_PARK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /// Time that connections get to tell their peers that the endpoint closes.
    private static final long STOP_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final DataPort port;
    private final List<DataLane> lanes;
    private final RateLimitedLog log;
    private final CommandQueue commands;
    private final Long2ObjectHashMap<ConnectionDriver> drivers = new Long2ObjectHashMap<>();
    private final ArrayDeque<ConnectionDriver> ready = new ArrayDeque<>();
    private final DeadlineHeap deadlines = new DeadlineHeap();
    private final RetiredHandles retired;
    private final WorkCompletions completions;
    private final PacketSender sender;
    private final AgentCounters counters = new AgentCounters();
    private final DirectService direct;
    private final WakeCoalescing coalescing = new WakeCoalescing();
    private final AgentEnd end = new AgentEnd();
    private final IntSupplier polling = this::pollLanes;
    private final IntSupplier posting = this::postSends;
    private final IntSupplier parking = this::parkInDevice;
    private boolean sendBlocked;
    private @Nullable String deviceFailure; // null while the device works
    private boolean stopping;
    private long stopDeadlineNanos;
    private long nowNanos = System.nanoTime();

    EngineAgent(DataPort port, RateLimitedLog log) {
        this.port = port;
        this.log = log;
        commands = new CommandQueue(port.channel()::wakeup, log);
        lanes = port.lanes();
        sender = new PacketSender(port, counters);
        retired = new RetiredHandles(lanes);
        completions = WorkCompletions.allocate(port.arena(), COMPLETIONS_PER_POLL);
        direct = new DirectService(this, port.arena());
    }

    @Override
    public String roleName() {
        return "longhaul-" + port.address().getHostAddress();
    }

    @Override
    public void onStart() {
        commands.bind();
    }

    DataPort port() {
        return port;
    }

    AgentCounters counters() {
        return counters;
    }

    RateLimitedLog log() {
        return log;
    }

    boolean isStopping() {
        return stopping;
    }

    /// Time at the beginning of the present duty cycle or turn.
    long nowNanos() {
        return nowNanos;
    }

    /// Reads the clock after completions were taken: a round trip must not look shorter than it was.
    void tick() {
        nowNanos = System.nanoTime();
    }

    /// The way in for other threads.
    CommandQueue commands() {
        return commands;
    }

    /// Asks the agent to abort all connections and to end.
    void stop() {
        commands.submit(() -> {
            stopping = true;
            stopDeadlineNanos = nowNanos + STOP_NANOS;
            for (final ConnectionDriver driver : drivers.values().toArray(new ConnectionDriver[0])) {
                driver.close(false, "the endpoint was closed");
            }
        });
    }

    /// Waits until the agent has ended. Interrupts are kept for later.
    void awaitEnd(long timeoutMillis) {
        if (!end.await(timeoutMillis)) {
            log.log(Level.ERROR, "the agent " + roleName() + " did not end within " + timeoutMillis + " ms");
        }
    }

    // ---- the duty cycle ----

    @Override
    public int doWork() {
        nowNanos = System.nanoTime();
        int work = commands.run(COMMANDS_PER_CYCLE);
        work += tryDevice(polling);
        nowNanos = System.nanoTime();
        work += runTimers();
        work += serveReady();
        work += tryDevice(posting);
        retired.closeCompleted();
        if (stopping && (drivers.isEmpty() || nowNanos - stopDeadlineNanos >= 0)) {
            throw new AgentTerminationException();
        }
        return work;
    }

    // What the device refuses with an exception (it was removed, say) ends all connections, not the agent.
    private int tryDevice(IntSupplier work) {
        if (deviceFailure != null) {
            return 0;
        }
        try {
            return work.getAsInt();
        } catch (DeviceException e) {
            onDeviceFailure(String.valueOf(e.getMessage()));
            return 1;
        }
    }

    private int postSends() {
        port.postSends();
        direct.postSends();
        return 0;
    }

    /// Sleeps until a packet arrives, a timer is due, or somebody submits a command.
    void park() {
        if (!ready.isEmpty() && !sendBlocked) {
            return;
        }
        if (deviceFailure != null) {
            LockSupport.parkNanos(FAILED_PARK_NANOS);
            return;
        }
        tryDevice(parking);
    }

    private int parkInDevice() {
        try {
            if (!commands.beginPark()) {
                return 0;
            }
            final boolean wantsRoom = sendBlocked || stopping || retired.isWaiting();
            for (int i = 0; i < lanes.size(); i++) {
                final DataLane lane = lanes.get(i);
                lane.receiveQueue().requestNotify(false);
                if (wantsRoom && lane.hasOutstanding()) {
                    lane.sendQueue().requestNotify(false);
                }
            }
            direct.requestNotify(wantsRoom);
            final int polled = pollLanes();
            retired.closeCompleted();
            if (polled == 0 && (ready.isEmpty() || sendBlocked)) {
                sleep(System.nanoTime());
            }
        } finally {
            commands.endPark();
        }
        return 0;
    }

    private void sleep(long now) {
        final long packets = counters.receivedPackets + counters.sentPackets;
        final long quietNanos = stopping ? 0 : coalescing.quietNanos(now, packets);
        final long waitNanos = Math.max(waitNanos(now), quietNanos);
        if (waitNanos > 0) {
            counters.parks++;
            port.channel().await(waitNanos, quietNanos);
            coalescing.onWake(System.nanoTime());
        }
    }

    private long waitNanos(long now) {
        long waitNanos = MAX_PARK_NANOS;
        if (deadlines.size() > 0) {
            waitNanos = Math.min(waitNanos, deadlines.earliestNanos() - now);
        }
        final long progressNanos = port.device().nextProgressNanos();
        if (progressNanos != Long.MAX_VALUE) {
            waitNanos = Math.min(waitNanos, progressNanos - now);
        }
        return stopping ? Math.min(waitNanos, stopDeadlineNanos - now) : waitNanos;
    }

    /// Has the connections served whose engines want to be called.
    private int runTimers() {
        int count = 0;
        while (deadlines.size() > 0 && deadlines.earliestNanos() - nowNanos <= 0) {
            final ConnectionDriver driver = deadlines.earliest();
            deadlines.remove(driver);
            markReady(driver);
            count++;
        }
        return count;
    }

    // ---- receiving ----

    private int pollLanes() {
        int count = 0;
        long busy = lanes.size() == Long.SIZE ? -1L : (1L << lanes.size()) - 1; // [bit: lane]
        for (int round = 0; round < ROUNDS_PER_CYCLE && busy != 0; round++) {
            for (int i = 0; i < lanes.size(); i++) {
                if ((busy & 1L << i) != 0) {
                    final int polled = pollLane(lanes.get(i));
                    count += polled;
                    busy &= polled == COMPLETIONS_PER_POLL ? -1L : ~(1L << i);
                }
            }
        }
        count += direct.poll();
        if (count > 0) {
            sendBlocked = false;
            for (int i = 0; i < lanes.size(); i++) {
                lanes.get(i).postReceives();
            }
        }
        return count;
    }

    /// Returns how many packets were received.
    private int pollLane(DataLane lane) {
        if (lane.hasOutstanding()) {
            final int sent = lane.sendQueue().poll(completions, COMPLETIONS_PER_POLL);
            for (int i = 0; i < sent; i++) {
                onSent(lane, i);
            }
            sendBlocked &= sent == 0;
        }
        final int polled = lane.receiveQueue().poll(completions, COMPLETIONS_PER_POLL);
        if (polled > 0) {
            tick();
        }
        for (int i = 0; i < polled; i++) {
            onReceive(lane, i);
        }
        return polled;
    }

    private void onReceive(DataLane lane, int index) {
        final int slot = (int) completions.id(index);
        if (completions.isSuccess(index)) {
            onReceived(lane, slot, index);
        } else if (completions.status(index) == CompletionStatus.LOCAL_LENGTH_ERROR) {
            counters.malformedPackets++;
        } else {
            onCompletionFailure(lane, completions.status(index));
            return;
        }
        lane.recycle(slot);
    }

    private void onReceived(DataLane lane, int slot, int index) {
        final PacketSlab slab = lane.receiveSlab();
        final MemorySegment segment = slab.segment();
        final long grhOffset = slab.offset(slot);
        final long offset = grhOffset + WorkCompletions.GRH_BYTES;
        final int length = completions.byteLength(index) - WorkCompletions.GRH_BYTES;
        if (length < PacketFlyweight.MIN_BYTES) {
            counters.malformedPackets++;
            return;
        }
        final ConnectionDriver driver = drivers.get(PacketFlyweight.connectionId(segment, offset));
        if (driver == null || !driver.hears(lane.index(), completions.sourceQueuePair(index), segment, grhOffset)) {
            counters.unknownPackets++;
            return;
        }
        final boolean ceMarked = WorkCompletions.congestionExperienced(segment, grhOffset);
        counters.receivedPackets++;
        try {
            if (driver.engine().onPacket(nowNanos, lane.index(), segment, offset, length, ceMarked)) {
                markReady(driver);
            }
        } catch (Throwable e) {
            driver.fail(e);
        }
    }

    private void onSent(DataLane lane, int index) {
        final long position = completions.id(index);
        if (!completions.isSuccess(index)) {
            onSendError(lane, position, completions.status(index));
        }
        lane.complete(position);
    }

    private void onSendError(DataLane lane, long position, CompletionStatus status) {
        counters.sendErrors++;
        if (status == CompletionStatus.LOCAL_LENGTH_ERROR) {
            final ConnectionDriver driver = lane.isOutstanding(position) ? lane.owner(position) : null;
            if (driver != null && !driver.isRemoved()) {
                driver.engine().onPacketTooLarge(nowNanos, lane.index(), lane.length(position));
                markReady(driver);
            }
        } else if (status == CompletionStatus.FLUSHED || status == CompletionStatus.FATAL_ERROR) {
            onCompletionFailure(lane, status);
        }
    }

    private void onCompletionFailure(DataLane lane, CompletionStatus status) {
        onDeviceFailure("lane " + lane.index() + " failed with " + status);
    }

    private void onDeviceFailure(String what) {
        if (deviceFailure != null || stopping) {
            return;
        }
        final String text = port + " failed: " + what + "; open a new endpoint";
        deviceFailure = text;
        log.log(Level.ERROR, text);
        for (final ConnectionDriver driver : drivers.values().toArray(new ConnectionDriver[0])) {
            driver.lose(Reason.DEVICE_FAILED, text);
        }
    }

    // ---- sending and events ----

    /// Has a connection served in this duty cycle.
    void markReady(ConnectionDriver driver) {
        if (!driver.isReady && !driver.isRemoved()) {
            driver.isReady = true;
            ready.add(driver);
        }
    }

    private int serveReady() {
        int work = 0;
        for (int left = ready.size(); left > 0; left--) {
            final ConnectionDriver driver = ready.remove();
            driver.isReady = false;
            if (driver.isRemoved()) {
                continue;
            }
            try {
                work += serve(driver);
            } catch (DeviceException e) {
                onDeviceFailure(String.valueOf(e.getMessage()));
            } catch (Throwable e) { // whatever it is, the others are served on
                driver.fail(e);
            }
        }
        return work;
    }

    private int serve(ConnectionDriver driver) {
        nowNanos = System.nanoTime();
        driver.runTimer(nowNanos);
        // An answer leaves in the packet that acknowledges what it answers; more callbacks must not hold that up.
        int work = driver.dispatchEvents(CALLBACK_NANOS);
        if (!driver.isRemoved()) {
            nowNanos = System.nanoTime();
            work += sender.transmit(driver, nowNanos);
            sendBlocked |= sender.isBlocked();
            coalescing.onServed(driver.engine().latenessNanos());
            if (sender.hasMore()) {
                markReady(driver);
            }
            work += driver.dispatchEvents(Long.MAX_VALUE);
        }
        if (driver.isFinished()) {
            remove(driver);
        } else if (!driver.isRemoved()) {
            final long deadlineNanos = driver.engine().nextTimeoutNanos();
            if (deadlineNanos == ConnectionEngine.NO_TIMEOUT) {
                deadlines.remove(driver);
            } else {
                deadlines.schedule(driver, deadlineNanos);
            }
        }
        return work;
    }

    // ---- connections ----

    /// Takes a connection into service. Agent only.
    ///
    /// @param speaksFirst false to send nothing before the peer's first packet: the peer is not in service yet
    /// @throws ConnectionException when this agent has ended, or its device has failed
    void register(ConnectionDriver driver, boolean speaksFirst) {
        if (deviceFailure != null) {
            throw new ConnectionException(Reason.DEVICE_FAILED, deviceFailure);
        }
        if (stopping || commands.isTerminated()) {
            throw new ConnectionException(Reason.LOCALLY_CLOSED, "the endpoint is closed");
        }
        if (drivers.putIfAbsent(driver.connectionId(), driver) != null) {
            throw new ConnectionException(Reason.REFUSED, "the connection id is taken; connect again");
        }
        direct.add(driver);
        if (speaksFirst) {
            markReady(driver);
        }
    }

    /// True while the connection of that id is served. Agent only.
    boolean isRegistered(long connectionId) {
        return drivers.containsKey(connectionId);
    }

    /// Tells every connection that a region was revoked. Agent only.
    void onRegionsRevoked() {
        for (final ConnectionDriver driver : drivers.values().toArray(new ConnectionDriver[0])) {
            driver.onRegionsRevoked();
        }
    }

    /// Takes a connection out of service. Agent only.
    void remove(ConnectionDriver driver) {
        if (drivers.remove(driver.connectionId(), driver)) {
            deadlines.remove(driver);
            retired.add(driver);
        }
        driver.onRemoved();
        direct.remove(driver);
    }

    @Override
    public void onClose() {
        if (!stopping) {
            log.log(Level.ERROR, "the agent " + roleName() + " ends, and nobody has stopped it; please report this");
        }
        try {
            for (final ConnectionDriver driver : drivers.values().toArray(new ConnectionDriver[0])) {
                driver.lose(Reason.LOCALLY_CLOSED, "the endpoint was closed");
                remove(driver);
            }
            retired.closeAll();
        } finally {
            commands.terminate();
            end.reach();
        }
    }
}
