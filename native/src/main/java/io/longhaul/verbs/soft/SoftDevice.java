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
package io.longhaul.verbs.soft;

import io.longhaul.linux.Libc;
import io.longhaul.linux.Poller;
import io.longhaul.linux.ReceiveBatch;
import io.longhaul.linux.WakeupEvent;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.DeviceCapabilities;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// RoCEv2 in user space over UDP sockets: UC and UD queue pairs without privileges and without hardware.
///
/// It has no threads: it works inside [#progress], [CompletionQueue#poll], [CompletionChannel#await] and
/// [QueuePair#postSend], all on the owner thread of the data path. [#counters()] and [#wire()] may be read by everyone.
public final class SoftDevice implements RdmaDevice {
    private static final int MAX_QUEUE_PAIRS = 1 << 20;
    private static final int MAX_WORK_REQUESTS = 1 << 20;
    private static final int MAX_COMPLETIONS = 1 << 22;
    private static final int MAX_SGES = 2;
    private static final long MAX_REGION_BYTES = 1L << 44;
    private static final int DEFAULT_MTU_BYTES = 1500;
    private static final int RECEIVE_BATCH = 8;
    private static final int PLAIN_RECEIVE_BATCH = 32;
    private static final int MAX_ROUNDS = 4;
    private static final int DIRECT_SOCKETS = 2;
    private static final long RETRY_NANOS = 50_000;

    private final SoftDeviceConfig config;
    private final Arena arena;
    private final Libc.CallState callState;
    private final SocketPool sockets;
    private final int mtuBytes;
    private final SoftDeviceCounters counters = new SoftDeviceCounters();
    private final Egress egress;
    private final @Nullable EmulatedWire wire;
    private final Requester requester;
    private final Responder responder;
    private final Poller poller;
    private final OpenChildren children = new OpenChildren();
    private final KeyTable<SoftQueuePair> queuePairs = new KeyTable<>();
    private final KeyTable<SoftMemoryRegion> regionsByLocalKey = new KeyTable<>();
    private final KeyTable<SoftMemoryRegion> regionsByRemoteKey = new KeyTable<>();
    private final KeyTable<SoftAddressHandle> addressHandles = new KeyTable<>();
    private final List<SoftQueuePair> stalled = new ArrayList<>();
    private int nextAddressHandle = 1;
    private int nextSourcePort;
    private int queuePairCount;
    private long retryNanos;
    private long looks;
    private boolean closed;

    /// Makes a device of opened sockets, all in memory of an arena; both become its own.
    ///
    /// @param wrapping what to put before the egress
    SoftDevice(
            SoftDeviceConfig config,
            Arena arena,
            Libc.CallState callState,
            SocketPool sockets,
            UnaryOperator<Egress> wrapping) {
        this.config = config;
        this.arena = arena;
        this.callState = callState;
        this.sockets = sockets;
        mtuBytes = interfaceMtuBytes(config);
        IcrcIdentification identification = new IcrcIdentification();
        DatagramBurst burst = new DatagramBurst(arena, sockets, counters, identification);
        WireConfig wireConfig = config.wire();
        if (wireConfig == null) {
            egress = wrapping.apply(new UdpEgress(sockets, burst));
            wire = null;
        } else {
            WireEgress wireEgress = new WireEgress(arena, wireConfig, sockets, burst, config.clock());
            egress = wrapping.apply(wireEgress);
            wire = new EmulatedWire(wireEgress);
        }
        requester = new Requester(arena, this, egress, sockets);
        ReceiveBatch messages =
                new ReceiveBatch(arena, sockets.hasSegmentation() ? RECEIVE_BATCH : PLAIN_RECEIVE_BATCH);
        responder = new Responder(arena, this, sockets, messages, identification);
        poller = new Poller(arena, callState, sockets.descriptorsAnd(-1));
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public DeviceCapabilities capabilities() {
        return new DeviceCapabilities(
                Set.of(QueuePair.Type.UC, QueuePair.Type.UD),
                MAX_QUEUE_PAIRS,
                MAX_WORK_REQUESTS,
                MAX_SGES,
                MAX_COMPLETIONS,
                MAX_REGION_BYTES,
                0,
                sockets.size(),
                true,
                true);
    }

    @Override
    public PortAttributes portAttributes() {
        PortAttributes.State state = PortAttributes.State.ACTIVE;
        try {
            NetworkInterface network = NetworkInterface.getByInetAddress(config.bindAddress());
            if (network == null || !network.isUp()) {
                state = PortAttributes.State.DOWN;
            }
        } catch (IOException e) {
            state = PortAttributes.State.DOWN;
        }
        List<PortAttributes.Gid> gids = List.of(new PortAttributes.Gid(0, config.bindAddress(), true));
        return new PortAttributes(state, mtuBytes, maxPayloadBytes(), gids);
    }

    /// The address that it is bound to.
    public InetAddress localAddress() {
        return config.bindAddress();
    }

    /// The UDP port of one of its sockets.
    ///
    /// @param sourcePortIndex 0 to [DeviceCapabilities#maxSourcePorts()] - 1
    public int udpPort(int sourcePortIndex) {
        return sockets.socket(sourcePortIndex).port();
    }

    /// What happened to its packets. Any thread.
    public SoftDeviceCounters counters() {
        return counters;
    }

    /// The emulated wire behind it, or null.
    public @Nullable EmulatedWire wire() {
        return wire;
    }

    /// Whether packets cross the kernel in batches, at this moment.
    public boolean isBatched() {
        return sockets.hasSegmentation();
    }

    @Override
    public ProtectionDomain allocateProtectionDomain() {
        requireOpen();
        SoftProtectionDomain domain = new SoftProtectionDomain(this);
        children.add(domain);
        return domain;
    }

    @Override
    public CompletionChannel createCompletionChannel() {
        requireOpen();
        try {
            WakeupEvent event = new WakeupEvent(arena, callState);
            Poller channelPoller = new Poller(arena, callState, sockets.descriptorsAnd(event.fd()));
            Poller alarm = new Poller(arena, callState, event.fd());
            SoftCompletionChannel channel =
                    new SoftCompletionChannel(this, event, new DeviceSleeper(channelPoller, sockets.size(), alarm));
            children.add(channel);
            return channel;
        } catch (IOException e) {
            throw new DeviceException(
                    "createCompletionChannel", "", "createCompletionChannel failed: " + e.getMessage());
        }
    }

    @Override
    public CompletionQueue createCompletionQueue(int entries, @Nullable CompletionChannel channel) {
        requireOpen();
        if (entries < 1 || entries > MAX_COMPLETIONS) {
            throw new IllegalArgumentException("entries must be in 1.." + MAX_COMPLETIONS + ", is " + entries);
        }
        SoftCompletionChannel own = null;
        if (channel != null) {
            if (!(channel instanceof SoftCompletionChannel soft)) {
                throw new IllegalArgumentException("the completion channel is of another device");
            }
            own = soft;
        }
        SoftCompletionQueue queue = new SoftCompletionQueue(this, entries, own);
        children.add(queue);
        if (own != null) {
            own.addUser(queue);
        }
        return queue;
    }

    @Override
    public int progress(long nowNanos) {
        int work = sendDue(nowNanos);
        if (sockets.size() > DIRECT_SOCKETS) {
            return work + (poller.poll(0) > 0 ? receive(poller) : noteLook());
        }
        for (int i = 0; i < sockets.size(); i++) {
            work += receive(i);
        }
        noteLook();
        return work;
    }

    /// As [#progress], with what a poller over the sockets has found just now.
    void progress(long nowNanos, Poller found) {
        sendDue(nowNanos);
        receive(found);
    }

    /// How often the device has looked at its sockets.
    long looks() {
        return looks;
    }

    private int noteLook() {
        looks++;
        return 0;
    }

    /// Sends what is due, and receives nothing.
    int sendDue(long nowNanos) {
        int work = egress.release(nowNanos);
        if (!stalled.isEmpty() && nowNanos - retryNanos >= 0) {
            work += retryStalled(nowNanos);
        }
        return work;
    }

    @Override
    public long nextProgressNanos() {
        long next = egress.nextNanos();
        if (stalled.isEmpty()) {
            return next;
        }
        return next == Long.MAX_VALUE || retryNanos - next < 0 ? retryNanos : next;
    }

    private int receive(Poller found) {
        int received = 0;
        for (int i = 0; i < sockets.size(); i++) {
            if (found.isReady(i)) {
                received += receive(i);
            }
        }
        noteLook();
        return received;
    }

    private int receive(int socketIndex) {
        int received = 0;
        for (int round = 0; round < MAX_ROUNDS; round++) {
            int count = responder.receive(socketIndex);
            received += count;
            if (count < RECEIVE_BATCH) {
                break;
            }
        }
        return received;
    }

    private int retryStalled(long nowNanos) {
        int work = 0;
        for (int i = stalled.size() - 1; i >= 0; i--) {
            SoftQueuePair qp = stalled.get(i);
            long before = qp.isClosed() ? 0 : qp.sendQueue().head();
            if (qp.isClosed() || !qp.canSend() || requester.transmit(qp)) {
                qp.stalled(false);
                stalled.remove(i);
            }
            work += !qp.isClosed() && qp.sendQueue().head() != before ? 1 : 0;
        }
        retryNanos = nowNanos + RETRY_NANOS;
        return work;
    }

    /// Sends what is posted on a queue pair, now as far as possible and the rest later.
    void transmit(SoftQueuePair qp) {
        if (!qp.isStalled() && !requester.transmit(qp)) {
            qp.stalled(true);
            stalled.add(qp);
            retryNanos = now() + RETRY_NANOS;
        }
    }

    /// Its sockets. For tests.
    SocketPool sockets() {
        return sockets;
    }

    /// The time of the device's clock.
    long now() {
        return config.clock().getAsLong();
    }

    /// Most payload of one UD packet with immediate that the local link carries.
    int maxPayloadBytes() {
        int headers = (sockets.isIpv6() ? Icrc.IPV6_HEADER_BYTES : Icrc.IPV4_HEADER_BYTES)
                + Icrc.UDP_HEADER_BYTES
                + BthFlyweight.LENGTH_BYTES
                + RethFlyweight.LENGTH_BYTES
                + ImmDtFlyweight.LENGTH_BYTES
                + Icrc.LENGTH_BYTES;
        return Math.min(mtuBytes - headers & ~3, DatagramBurst.MAX_BYTES - headers & ~3);
    }

    private static int interfaceMtuBytes(SoftDeviceConfig config) {
        int mtu = DEFAULT_MTU_BYTES;
        try {
            NetworkInterface network = NetworkInterface.getByInetAddress(config.bindAddress());
            if (network != null && network.getMTU() > 0) {
                mtu = network.getMTU();
            }
        } catch (IOException e) {
            // The interface cannot be asked: what every link carries is right in most places.
            mtu = DEFAULT_MTU_BYTES;
        }
        return Math.min(mtu, config.maxMtuBytes());
    }

    KeyTable<SoftQueuePair> queuePairs() {
        return queuePairs;
    }

    KeyTable<SoftMemoryRegion> regionsByLocalKey() {
        return regionsByLocalKey;
    }

    KeyTable<SoftMemoryRegion> regionsByRemoteKey() {
        return regionsByRemoteKey;
    }

    KeyTable<SoftAddressHandle> addressHandles() {
        return addressHandles;
    }

    /// A number for an address handle; never 0, and not used again before 2^31 others.
    int newAddressHandleNumber() {
        int number;
        do {
            number = nextAddressHandle;
            nextAddressHandle = nextAddressHandle == Integer.MAX_VALUE ? 1 : nextAddressHandle + 1;
        } while (addressHandles.get(number) != null);
        return number;
    }

    int newLocalKey() {
        return newKey(regionsByLocalKey);
    }

    int newRemoteKey() {
        return newKey(regionsByRemoteKey);
    }

    private int newKey(KeyTable<SoftMemoryRegion> table) {
        RandomGenerator random = config.random();
        int key;
        do {
            key = random.nextInt();
        } while (key == 0 || table.get(key) != null);
        return key;
    }

    /// Gives a queue pair its number, which is random: 2 and more, 0 and 1 are special.
    int register(SoftQueuePair qp) {
        if (queuePairCount == MAX_QUEUE_PAIRS) {
            throw new DeviceException("createQueuePair", "ENOMEM", "there are " + MAX_QUEUE_PAIRS + " queue pairs");
        }
        int number;
        do {
            number = config.random().nextInt(2, 1 << 24);
        } while (queuePairs.get(number) != null);
        queuePairs.put(number, qp);
        queuePairCount++;
        return number;
    }

    void unregister(SoftQueuePair qp) {
        queuePairs.remove(qp.number());
        stalled.remove(qp);
        queuePairCount--;
    }

    /// The source port for a queue pair that wishes one, or none (-1).
    int chooseSourcePort(int wished) {
        return (wished >= 0 ? wished : nextSourcePort++ & Integer.MAX_VALUE) % sockets.size();
    }

    SoftCompletionQueue own(CompletionQueue queue) {
        if (queue instanceof SoftCompletionQueue soft && soft.device() == this) {
            return soft;
        }
        throw new IllegalArgumentException("the completion queue is of another device");
    }

    void requireWorkRequests(int sends, int receives) {
        if (sends > MAX_WORK_REQUESTS || receives > MAX_WORK_REQUESTS) {
            throw new DeviceException(
                    "createQueuePair",
                    "EINVAL",
                    "createQueuePair(" + sends + " sends, " + receives + " receives) failed: at most "
                            + MAX_WORK_REQUESTS + " each");
        }
    }

    void requireSameFamily(AddressVector vector) {
        if (vector.address() instanceof Inet6Address != sockets.isIpv6()) {
            throw new DeviceException(
                    "createAddressHandle",
                    "EAFNOSUPPORT",
                    "address " + vector.address().getHostAddress() + " is not of the family of "
                            + config.bindAddress().getHostAddress() + ", to which the device is bound");
        }
    }

    void forget(Object child) {
        children.remove(child);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the device " + name() + " is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            children.requireNone(this);
            closed = true;
            sockets.close();
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "device " + name();
    }
}
