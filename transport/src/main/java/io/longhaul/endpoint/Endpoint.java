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

import io.longhaul.ConfigurationException;
import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.DeviceException;
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulException;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.ExposedRegions;
import io.longhaul.core.RegionTable;
import io.longhaul.endpoint.BootstrapMessage.Announcement;
import io.longhaul.endpoint.BootstrapMessage.PlacementOffer;
import io.longhaul.endpoint.BootstrapMessage.Refusal;
import io.longhaul.qlog.QlogFile;
import io.longhaul.qlog.QlogTarget;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// An endpoint on verbs devices: one port and one agent for each local address that is in use.
final class Endpoint implements Longhaul {
    private static final System.Logger LOGGER = System.getLogger("io.longhaul");

    private final LonghaulConfig config;
    private final DeviceOpener devices;
    private final ControlSecurity security;
    private final CongestionControllerFactory congestion;
    private final RateLimitedLog log = new RateLimitedLog(LOGGER);
    private final ExposedRegions sharedRegions = new ExposedRegions();
    private final Map<InetAddress, PortAgent> ports = new HashMap<>(); // guarded by itself
    private final Set<EndpointListener> listeners = ConcurrentHashMap.newKeySet();
    private final Admission admission;
    private final DialGate gate = new DialGate();
    private final @Nullable QlogTarget traces;
    private volatile boolean closed;

    Endpoint(LonghaulConfig config) {
        this(config, DeviceCatalog.opener(config));
    }

    Endpoint(LonghaulConfig config, DeviceOpener devices) {
        this.config = config;
        this.devices = devices;
        congestion = ControllerChoice.find(config);
        admission = new Admission(config);
        security = ControlSecurity.of(config, new RateLimitedLog(LOGGER)); // strangers must not silence it
        if (config.insecure()) {
            log.log(Level.INFO, "insecure: connections of this endpoint are neither authenticated nor encrypted");
        }
        final Path trace = config.trace();
        traces = trace == null ? null : new QlogTarget(trace);
    }

    @Override
    public LonghaulConfig config() {
        return config;
    }

    RateLimitedLog log() {
        return log;
    }

    // ---- client ----

    @Override
    public Connection connect(InetSocketAddress address, Duration timeout) {
        checkOpen();
        final long deadlineNanos = Bootstrap.deadlineNanos(timeout);
        try (DialGate.Place _ = gate.enter(address, deadlineNanos)) {
            return connect(address, timeout, deadlineNanos);
        }
    }

    private Connection connect(InetSocketAddress address, Duration timeout, long deadlineNanos) {
        final long startNanos = System.nanoTime();
        final TcpControlChannel dialled = Bootstrap.dial(address, config.bindAddress(), deadlineNanos);
        final long rttNanos = System.nanoTime() - startNanos;
        boolean done = false;
        final EndpointConnection connection;
        try {
            connection = open(security.onClient(dialled, address, deadlineNanos), rttNanos, deadlineNanos);
            done = true;
        } finally {
            if (!done) {
                dialled.close();
            }
        }
        Thread.ofVirtual().name("longhaul-control").start(() -> watch(connection));
        if (!awaitEstablished(connection, deadlineNanos)) {
            connection.close(Duration.ZERO);
            throw new ConnectionException(Reason.DATA_PATH_BLOCKED, blocked(connection, timeout));
        }
        return connection;
    }

    /// Client half of the handshake, up to a connection that is in service.
    private EndpointConnection open(ControlChannel channel, long dialNanos, long deadlineNanos) {
        boolean done = false;
        checkOpen();
        final Admission.Place place = admission.admit(null);
        DirectOpening opening = DirectOpening.NONE;
        try {
            final PortAgent local = port(channel.localAddress().getAddress());
            opening = DirectOpening.open(local, config, config.lanes(), log);
            final Announcement hello = ConnectionPlan.announce(
                            config, local.port(), false, nonZero(), random(), rtt(dialNanos))
                    .with(opening.offer());
            final long startNanos = System.nanoTime();
            final Announcement answer = Bootstrap.exchange(channel, hello, deadlineNanos);
            final long rttNanos = Math.min(dialNanos, System.nanoTime() - startNanos);
            final EndpointConnection connection = enter(place, local, channel, hello, answer, rttNanos, opening);
            done = true;
            return connection;
        } finally {
            if (!done) {
                place.release();
                opening.close();
            }
        }
    }

    private boolean awaitEstablished(EndpointConnection connection, long deadlineNanos) {
        boolean established = false;
        try {
            established = connection.awaitEstablished(deadlineNanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            connection.close(Duration.ZERO);
            throw new ConnectionException(Reason.LOCALLY_CLOSED, "connect was interrupted", e);
        }
        return established;
    }

    private static String blocked(EndpointConnection connection, Duration timeout) {
        return "TCP to " + Bootstrap.text(connection.remoteAddress())
                + " works, but no datagram came back within " + timeout
                + "; allow UDP between the two hosts in both directions, and check for address translation between"
                + " them";
    }

    // ---- server ----

    @Override
    public Listener listen(InetSocketAddress address) {
        checkOpen();
        final EndpointListener listener = new EndpointListener(this, address);
        listeners.add(listener);
        if (closed) {
            listener.close();
            checkOpen();
        }
        if (!address.getAddress().isAnyLocalAddress()) {
            openPort(listener);
        }
        listener.start();
        return listener;
    }

    /// Opens the device at the listener's address now, so that one that is missing fails here and not with the
    /// first client.
    private void openPort(EndpointListener listener) {
        try {
            port(listener.localAddress().getAddress());
        } catch (RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    /// Server half of the handshake, up to an established connection; null when there is none.
    @Nullable
    EndpointConnection answer(Socket control) {
        long deadlineNanos = Bootstrap.deadlineNanos(config.handshakeTimeout());
        final TcpControlChannel channel;
        try {
            channel = new TcpControlChannel(control);
        } catch (IOException e) {
            return null; // It is gone already.
        }
        EndpointConnection connection = null;
        try {
            final ControlChannel secured = security.onServer(channel, deadlineNanos);
            deadlineNanos += secured.waitedNanos();
            connection = accept(secured, deadlineNanos);
            if (connection.awaitEstablished(deadlineNanos)) {
                return connection;
            }
            log.log(Level.WARNING, blocked(connection, config.handshakeTimeout()));
            connection.close(Duration.ZERO);
        } catch (LonghaulException e) {
            log.log(level(e), "a handshake failed: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.log(Level.ERROR, "a handshake failed inside", e);
        }
        if (connection == null) {
            channel.close();
        }
        return null;
    }

    private static Level level(LonghaulException failure) {
        if (!(failure instanceof ConnectionException ended)) {
            return Level.DEBUG;
        }
        return switch (ended.reason()) {
            case AUTHENTICATION_FAILED -> Level.WARNING;
            case TIMEOUT -> Level.INFO;
            default -> Level.DEBUG;
        };
    }

    private EndpointConnection accept(ControlChannel channel, long deadlineNanos) {
        final Announcement hello = Bootstrap.hello(channel, deadlineNanos);
        EndpointConnection entered = null;
        final Admission.Place place;
        try {
            checkOpen();
            place = admission.admit(name(channel));
        } catch (ConnectionException e) {
            final int code = closed ? Refusal.REFUSED_OTHER : Refusal.REFUSED_LIMIT;
            Bootstrap.refuse(channel, code, String.valueOf(e.getMessage()));
            throw e;
        }
        DirectOpening opening = DirectOpening.NONE;
        try {
            final PortAgent local = port(channel.localAddress().getAddress());
            final PlacementOffer offered = hello.placement();
            final boolean wanted = config.placement() == LonghaulConfig.Placement.SEND_UC;
            if (offered != null && offered.carriesPackets() == wanted) {
                opening = DirectOpening.open(
                        local, config, Math.min(config.lanes(), offered.lanes().size()), log);
            }
            final Announcement answer = ConnectionPlan.announce(
                            config, local.port(), true, nonZero(), hello.nonce(), hello.rttNanos())
                    .with(opening.offer());
            entered = enter(place, local, channel, answer, hello, hello.rttNanos(), opening);
            Bootstrap.answer(channel, answer);
            return entered;
        } catch (LonghaulException e) {
            if (entered == null) {
                Bootstrap.refuse(channel, Refusal.REFUSED_OTHER, String.valueOf(e.getMessage()));
            } else {
                entered.close(Duration.ZERO); // the peer has gone and will never use it
            }
            throw e;
        } finally {
            if (entered == null) {
                place.release();
                opening.close();
            }
        }
    }

    void forget(EndpointListener listener) {
        listeners.remove(listener);
    }

    // ---- both ----

    /// By what the connections of a peer are counted.
    private static String name(ControlChannel channel) {
        final List<String> names = channel.peerNames();
        return names.isEmpty()
                ? PendingHandshakes.host(channel.remoteAddress().getAddress()).getHostAddress()
                : names.getFirst();
    }

    /// Puts a connection into service.
    private EndpointConnection enter(
            Admission.Place place,
            PortAgent local,
            ControlChannel channel,
            Announcement mine,
            Announcement peer,
            long rttNanos,
            DirectOpening opening) {
        final ConnectionPlan plan = ConnectionPlan.of(config, local.port(), mine, peer, channel, rttNanos);
        final EngineAgent agent = local.agent();
        final RegionTable regions =
                new RegionTable(config.random(), sharedRegions, config.limits().grantsPerConnection());
        final EndpointConnection connection = new EndpointConnection(new EndpointConnection.Parts(
                mine.connectionId(),
                agent,
                channel,
                regions,
                config.maxOperations(),
                config.maxStreams(),
                place::release));
        final QlogFile trace = traces == null ? null : trace(traces, mine, peer);
        try {
            agent.commands()
                    .call(() -> {
                        final DirectLanes direct = opening.connect(plan.remoteAddress(), peer.placement());
                        final ConnectionEngine engine = new ConnectionEngine(
                                plan.engine(),
                                congestion,
                                regions,
                                System.nanoTime(),
                                direct == null || direct.carriesPackets() ? null : direct,
                                local.port().sealer(plan.sealing()));
                        place.handOver();
                        engine.budget(admission.memory());
                        final List<RemoteLane> remotes = new ArrayList<>();
                        try {
                            addRemotes(remotes, local.port(), plan);
                            final ConnectionDriver driver = new ConnectionDriver(
                                    agent, connection, engine, remotes.toArray(new RemoteLane[0]), direct);
                            if (trace != null) {
                                driver.trace(trace);
                            }
                            connection.attach(driver);
                            agent.register(driver, !mine.answer());
                            return driver;
                        } catch (RuntimeException | Error e) {
                            engine.free();
                            remotes.forEach(remote -> remote.handle().close());
                            throw e;
                        }
                    })
                    .join();
        } catch (CompletionException e) {
            if (trace != null) {
                trace.end();
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        return connection;
    }

    // A place that cannot be written costs the trace, not the connection.
    private static @Nullable QlogFile trace(QlogTarget traces, Announcement mine, Announcement peer) {
        final boolean client = !mine.answer();
        final String id = HexFormat.of().toHexDigits(mine.connectionId());
        final String group = HexFormat.of().toHexDigits(client ? mine.connectionId() : peer.connectionId());
        final String side = client ? "client" : "server";
        final QlogFile.Head head =
                new QlogFile.Head("longhaul " + side, group, client, System.nanoTime(), System.currentTimeMillis());
        try {
            return traces.open(id + '-' + side, head);
        } catch (ConfigurationException e) {
            LOGGER.log(Level.WARNING, "a connection goes on without a trace: " + e.getMessage());
            return null;
        }
    }

    private static void addRemotes(List<RemoteLane> remotes, DataPort port, ConnectionPlan plan) {
        final PeerAddress address = new PeerAddress(plan.remoteAddress());
        for (final LaneAddress lane : plan.remoteLanes()) {
            remotes.add(new RemoteLane(
                    port.createAddressHandle(plan.remoteAddress(), lane.udpPort(), remotes.size()),
                    lane.queuePair(),
                    lane.queueKey(),
                    address));
        }
    }

    /// Waits until the control connection ends, and tells the connection. Blocks: for a virtual thread.
    void watch(EndpointConnection connection) {
        connection.watchControl();
    }

    private PortAgent port(InetAddress local) {
        synchronized (ports) {
            checkOpen();
            final PortAgent present = ports.get(local);
            if (present != null) {
                return present;
            }
            try {
                final PortAgent made = new PortAgent(new DataPort(local, devices.open(local), config), config, log);
                ports.put(local, made);
                return made;
            } catch (io.longhaul.verbs.DeviceException e) {
                throw new DeviceException(
                        "the device at " + local.getHostAddress() + " cannot be opened: " + e.getMessage(), e);
            }
        }
    }

    private long random() {
        return config.random().getAsLong();
    }

    private long nonZero() {
        final long value = random();
        return value == 0 ? 1 : value;
    }

    private static long rtt(long nanos) {
        return Math.clamp(nanos, 1, Duration.ofSeconds(60).toNanos());
    }

    private void checkOpen() {
        if (closed) {
            throw new ConnectionException(Reason.LOCALLY_CLOSED, "the endpoint is closed");
        }
    }

    @Override
    public ExposedRegion expose(String name, MemorySegment segment, Grant grant) {
        checkOpen();
        return new EndpointRegion(sharedRegions.expose(name, segment, grant), this::onRevoked, this::isAgentThread);
    }

    private void onRevoked() {
        for (final PortAgent port : openPorts()) {
            port.agent().commands().submit(port.agent()::onRegionsRevoked);
        }
    }

    private boolean isAgentThread() {
        for (final PortAgent port : openPorts()) {
            if (port.agent().commands().isAgentThread()) {
                return true;
            }
        }
        return false;
    }

    List<PortAgent> openPorts() {
        synchronized (ports) {
            return List.copyOf(ports.values());
        }
    }

    @Override
    public void close() {
        final List<PortAgent> left;
        synchronized (ports) {
            if (closed) {
                return;
            }
            closed = true;
            left = List.copyOf(ports.values());
            ports.clear();
        }
        security.close();
        for (final EndpointListener listener : listeners) {
            listener.close();
        }
        for (final PortAgent port : left) {
            port.close();
        }
        if (traces != null) {
            traces.close();
        }
    }
}
