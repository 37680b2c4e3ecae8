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
package io.longhaul;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;

/// An endpoint: one verbs device, the agent that serves it, and any number of connections.
///
/// {@snippet lang=java :
/// try (Longhaul endpoint = Longhaul.open(LonghaulConfig.builder().identity(identity).build()); Connection connection
/// = endpoint.connect(address, Duration.ofSeconds(5))) { RemoteRegion inbox = connection.lookup("inbox").join();
/// connection.write(bytes, inbox, 0).join(); } }
///
/// Threading: any thread.
public interface Longhaul extends AutoCloseable {
    /// Opens an endpoint.
    ///
    /// @throws ConfigurationException when a setting is out of range, when the configuration has neither an
    ///     identity nor says {@code insecure}, or when the identity's files cannot be used
    /// @throws DeviceException when the device cannot be opened
    static Longhaul open(LonghaulConfig config) {
        return ServiceLoader.load(Provider.class, Longhaul.class.getClassLoader())
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(
                        "no Longhaul.Provider on the module path; put longhaul-transport there as it was built"))
                .open(config);
    }

    /// Connects; returns once the data path has carried a packet both ways and its MTU is known.
    ///
    /// @throws ConnectionException when the peer refuses, is no Longhaul, speaks another version, or does not
    /// answer in time
    Connection connect(InetSocketAddress address, Duration timeout);

    /// Listens for connections on a control port; port 0 lets the kernel choose.
    ///
    /// @throws ConnectionException when the address cannot be bound
    Listener listen(InetSocketAddress address);

    /// Exposes memory to every present and future connection of this endpoint; each connection gets a key of its
    /// own.
    ///
    /// @param name 1 to 255 UTF-8 bytes
    /// @throws ConfigurationException when the name is taken
    ExposedRegion expose(String name, MemorySegment segment, Grant grant);

    /// The configuration in force.
    LonghaulConfig config();

    /// Aborts what is left and frees the device. Idempotent.
    @Override
    void close();

    /// What all connections of an endpoint together, and single ones, may take of it. What is above is refused with
    /// a
    /// typed error that names the limit.
    ///
    /// @param connectionsPerPeer connections that one peer, by the first name in its certificate, else by its
    /// address,
    ///     may have made and hold, 1..1000000
    /// @param totalMemoryBytes receive memory (messages and streams) that is promised to all peers together, bytes,
    ///     1 MiB and more. Each connection has its {@code creditBytes} from the start, and is refused where they
    /// are
    ///     not there; beyond that it holds at most as much as is left
    /// @param grantsPerConnection regions of which a connection may hold the key, 1..131072
    record Limits(int connectionsPerPeer, long totalMemoryBytes, int grantsPerConnection) {
        /// Validates.
        public Limits {
            ConfigRanges.range("limits.connectionsPerPeer", connectionsPerPeer, 1, 1_000_000);
            ConfigRanges.check(
                    totalMemoryBytes >= 1 << 20,
                    "limits.totalMemoryBytes",
                    totalMemoryBytes,
                    "1048576 (1 MiB) and more");
            ConfigRanges.range("limits.grantsPerConnection", grantsPerConnection, 1, 1 << 17);
        }

        /// The defaults: 2048 connections of a peer, the heap limit and at least what one connection may have,
        /// and
        /// 16384 grants.
        ///
        /// @param maxMemoryBytes what one connection may have
        public static Limits defaults(long maxMemoryBytes) {
            return new Limits(2048, Math.max(Runtime.getRuntime().maxMemory(), maxMemoryBytes), 16_384);
        }
    }

    /// Who an endpoint is, and whom it believes: a certificate with its key, and the authorities that sign those
    /// of its peers. {@code longhaul keygen} makes such files. Both ends of a connection show their certificates
    /// in TLS 1.3, and check each other's against {@code allowedPeers}; the connecting end checks also that the
    /// other's certificate is for the host that it dialled.
    ///
    /// Files are read when the endpoint opens, and again when they have changed; connections stay as they are.
    ///
    /// @param source where certificate, key and trust are
    /// @param allowedPeers names of the hosts with which connections are made, as in their certificates (subject
    ///     alternative names, no wildcards); none: every host whose certificate a trusted authority has signed
    record Identity(Source source, Set<String> allowedPeers) {
        /// Copies the names.
        public Identity {
            allowedPeers = Set.copyOf(allowedPeers);
        }

        /// Where certificate, key and trust are.
        public sealed interface Source {}

        /// Three PEM files.
        ///
        /// @param certificates the host's certificate, and behind it those between it and the authority
        /// @param key its key in PKCS #8, not encrypted; refused when everybody on the
        ///     machine can read or change the file
        /// @param trust certificates of the authorities that are believed
        public record PemFiles(Path certificates, Path key, Path trust) implements Source {}

        /// One key store (PKCS #12): the first entry with a key, and the certificates that stand alone in it
        /// as trust.
        ///
        /// @param file the store
        /// @param passwordFile file whose first line is its password
        public record KeyStoreFile(Path file, Path passwordFile) implements Source {}

        /// Values in memory.
        ///
        /// @param key private key
        /// @param certificates its certificate, and behind it those between it and the authority
        /// @param trust certificates of the authorities that are believed
        public record InMemory(PrivateKey key, List<X509Certificate> certificates, List<X509Certificate> trust)
                implements Source {
            /// Copies the lists.
            public InMemory {
                certificates = List.copyOf(certificates);
                trust = List.copyOf(trust);
            }

            @Override
            public String toString() {
                return "InMemory[" + certificates.size() + " certificates]";
            }
        }

        /// An identity from PEM files; every host that an authority in {@code trust} has signed may connect.
        public static Identity ofPem(Path certificates, Path key, Path trust) {
            return new Identity(new PemFiles(certificates, key, trust), Set.of());
        }

        /// An identity from a key store.
        public static Identity ofKeyStore(Path file, Path passwordFile) {
            return new Identity(new KeyStoreFile(file, passwordFile), Set.of());
        }

        /// An identity from values in memory.
        public static Identity of(PrivateKey key, List<X509Certificate> certificates, List<X509Certificate> trust) {
            return new Identity(new InMemory(key, certificates, trust), Set.of());
        }

        /// The same, but connections are made with these hosts alone; no names: with all that are trusted.
        public Identity allow(Collection<String> names) {
            return new Identity(source, Set.copyOf(names));
        }
    }

    /// Service that makes endpoints; keeps the public API free of the packages behind it.
    interface Provider {
        /// Opens an endpoint.
        Longhaul open(LonghaulConfig config);
    }
}
