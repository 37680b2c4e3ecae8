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
package io.longhaul.cli;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.cli.files.FileService;
import io.longhaul.cli.files.ServedRoot;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// Accepts connections and gives each a session with a thread of its own.
///
/// Threading: {@link #run} by one thread, {@link #close} by any.
final class Server implements AutoCloseable {
    private static final int MAX_SESSIONS = 256;
    private static final Duration ACCEPT = Duration.ofSeconds(1);

    private final Longhaul endpoint;
    private final Listener listener;
    private final FileService files;
    private final MemoryBudget memory;
    private final Consumer<String> log;
    private final Semaphore places = new Semaphore(MAX_SESSIONS);
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean closing;

    /// Listens.
    ///
    /// @param log is told one line for everything that was done
    Server(Longhaul endpoint, InetSocketAddress address, ServedRoot root, long memoryBytes, Consumer<String> log) {
        this.endpoint = endpoint;
        this.log = log;
        files = new FileService(root);
        memory = new MemoryBudget(memoryBytes);
        listener = endpoint.listen(address);
    }

    /// Starts a server of measurements on a thread of its own, on a loopback port of the kernel's choice.
    ///
    /// @throws java.io.IOException when the present directory cannot be read
    static Server inBackground(Longhaul endpoint, long memoryBytes) throws java.io.IOException {
        final ServedRoot root = new ServedRoot(java.nio.file.Path.of("").toAbsolutePath());
        final Server server = new Server(
                endpoint, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), root, memoryBytes, line -> {});
        Thread.ofPlatform().daemon().name("longhaul-server").start(() -> {
            try {
                server.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return server;
    }

    /// Where it listens.
    InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /// Serves until it is closed.
    void run() throws InterruptedException {
        while (!closing) {
            final Connection connection;
            try {
                connection = listener.accept(ACCEPT);
            } catch (ConnectionException e) {
                if (closing) {
                    return;
                }
                throw e;
            }
            if (connection != null) {
                start(connection);
            }
        }
    }

    private void start(Connection connection) {
        if (!places.tryAcquire()) {
            log.accept("refused " + connection.remoteAddress() + ": " + MAX_SESSIONS + " sessions are open");
            connection.close(Duration.ZERO);
            return;
        }
        connections.add(connection);
        final Session session = new Session(connection, files, memory, log);
        Thread.ofPlatform().daemon().name("longhaul-session").start(() -> {
            try {
                session.run();
            } finally {
                connections.remove(connection);
                places.release();
            }
        });
    }

    /// Stops accepting, ends all sessions, and closes the endpoint. Idempotent.
    @Override
    public void close() {
        closing = true;
        listener.close();
        connections.forEach(each -> each.close(Duration.ZERO));
        endpoint.close();
    }
}
