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
package io.longhaul.identity;

import io.longhaul.core.SealingParameters;
import io.longhaul.core.SealingParameters.Suite;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// TLS 1.3 with certificates on both sides, for one control connection: the engine, what it found out about the peer,
/// and the secret of the connection's packets.
///
/// Each session has a context of its own, so that none can be resumed: every connection proves its identity, under
/// the certificates that are in force.
///
/// Threading: one thread at a time.
public final class TlsSession {
    /// Label of the exporter (RFC 8446 §7.5).
    public static final String EXPORTER_LABEL = "EXPORTER-longhaul packets v1";

    private static final String PROTOCOL = "TLSv1.3";
    private static final String[] SUITES_WITH_AES = {
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
    };
    private static final String[] SUITES_WITHOUT_AES = {
        "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"
    };

    /// P-256 first: the JDK has intrinsics for it.
    private static final String[] GROUPS = {"secp256r1", "x25519", "secp384r1"};

    private static final boolean AES_IN_HARDWARE = hasAes(Path.of("/proc/cpuinfo"));

    private final SSLEngine engine;
    private final PeerTrust trust;
    private final boolean client;

    private TlsSession(SSLEngine engine, PeerTrust trust, boolean client) {
        this.engine = engine;
        this.trust = trust;
        this.client = client;
    }

    /// The connecting end.
    ///
    /// @param host name or address that was dialled, which the server's certificate must be for (RFC 9525)
    /// @param allowed names with which a connection may be made; none: all that are trusted
    public static TlsSession client(Credentials own, Set<String> allowed, String host, int port) {
        final PeerTrust trust = new PeerTrust(own, host, allowed);
        final SSLEngine engine = context(own, trust).createSSLEngine(host, port);
        final SSLParameters parameters = parameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        engine.setUseClientMode(true);
        return new TlsSession(engine, trust, true);
    }

    /// The listening end; it demands a certificate.
    ///
    /// @param allowed names that may connect; none: all that are trusted
    public static TlsSession server(Credentials own, Set<String> allowed) {
        final PeerTrust trust = new PeerTrust(own, null, allowed);
        final SSLEngine engine = context(own, trust).createSSLEngine();
        final SSLParameters parameters = parameters();
        parameters.setNeedClientAuth(true);
        // A processor without AES decides: the server's order where it lacks AES, else the client's.
        parameters.setUseCipherSuitesOrder(!AES_IN_HARDWARE);
        engine.setSSLParameters(parameters);
        engine.setUseClientMode(false);
        return new TlsSession(engine, trust, false);
    }

    private static SSLContext context(Credentials own, PeerTrust trust) {
        try {
            final SSLContext context = SSLContext.getInstance(PROTOCOL);
            context.init(new KeyManager[] {new OwnKey(own)}, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java has TLS 1.3", e);
        }
    }

    private static SSLParameters parameters() {
        final SSLParameters parameters =
                new SSLParameters(AES_IN_HARDWARE ? SUITES_WITH_AES : SUITES_WITHOUT_AES, new String[] {PROTOCOL});
        parameters.setNamedGroups(GROUPS);
        parameters.setEnableRetransmissions(false);
        return parameters;
    }

    /// True when the processor computes AES itself; also when nobody says that it does not.
    static boolean hasAes(Path processors) {
        try {
            return Files.readAllLines(processors).stream()
                    .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                    .findFirst()
                    .map(line -> List.of(line.split("\\s+")).contains("aes"))
                    .orElse(true);
        } catch (IOException | java.io.UncheckedIOException e) {
            return true;
        }
    }

    /// The engine, which the owner of the socket drives.
    public SSLEngine engine() {
        return engine;
    }

    /// Why the peer's certificates were refused, for this end alone; null when they were not.
    public @Nullable String refusal() {
        return trust.refusal();
    }

    /// True when the peer's certificates were judged in this handshake and accepted. That it has their key is
    /// proved
    /// only when the handshake is over.
    public boolean isPeerAccepted() {
        return trust.isAccepted() && engine.getSession().getProtocol().equals(PROTOCOL);
    }

    /// The names in the peer's certificate, after the handshake.
    public List<String> peerNames() {
        return trust.names();
    }

    /// Exports the secret of the connection's packets, after the handshake.
    ///
    /// @param context what distinguishes this connection: its ids
    public SealingParameters sealing(byte[] context) {
        final ExtendedSSLSession session = (ExtendedSSLSession) engine.getSession();
        try {
            return new SealingParameters(
                    suite(session.getCipherSuite()),
                    session.exportKeyingMaterialData(EXPORTER_LABEL, context, SealingParameters.SECRET_BYTES),
                    client);
        } catch (javax.net.ssl.SSLKeyException e) {
            throw new IllegalStateException("the TLS session gives no secret", e);
        }
    }

    /// Packets are sealed with the cipher of the control connection.
    static Suite suite(String tlsName) {
        return switch (tlsName) {
            case "TLS_AES_128_GCM_SHA256" -> Suite.AES_128_GCM;
            case "TLS_AES_256_GCM_SHA384" -> Suite.AES_256_GCM;
            case "TLS_CHACHA20_POLY1305_SHA256" -> Suite.CHACHA20_POLY1305;
            default -> throw new IllegalStateException("the TLS suite " + tlsName + " was not offered");
        };
    }

    /// Shows the one certificate that there is, whoever the peer says it believes: if that is the wrong one, the
    /// peer can say so.
    private static final class OwnKey extends X509ExtendedKeyManager {
        private static final String ALIAS = "own";

        private final Credentials own;

        OwnKey(Credentials own) {
            this.own = own;
        }

        private @Nullable String choose(String... keyTypes) {
            return List.of(keyTypes).contains(own.key().getAlgorithm()) ? ALIAS : null;
        }

        @Override
        public @Nullable String chooseEngineClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, SSLEngine engine) {
            return choose(keyTypes);
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
            return choose(keyType);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return own.chain().toArray(X509Certificate[]::new);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return own.key();
        }

        @Override
        public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public @Nullable String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
            return choose(keyTypes);
        }

        @Override
        public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, Socket socket) {
            return choose(keyType);
        }
    }
}
