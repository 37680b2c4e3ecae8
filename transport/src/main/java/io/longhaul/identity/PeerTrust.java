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

import java.net.Socket;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Judges the certificates of one peer in one handshake, and remembers in one line why it refused them. The line is
/// for this end; the peer is told nothing.
///
/// Threading: the thread of the handshake.
final class PeerTrust extends X509ExtendedTrustManager {
    private static final X509Certificate[] NOBODY = {};

    private final Credentials own;
    private final @Nullable String dialled;
    private final Set<String> allowed;
    private @Nullable String refusal;
    private List<String> names = List.of();
    private boolean accepted;

    /// @param dialled the host name or address that the certificate must be for; null on the end that listens
    /// @param allowed names with which a connection may be made; none: all that are trusted
    PeerTrust(Credentials own, @Nullable String dialled, Set<String> allowed) {
        this.own = own;
        this.dialled = dialled;
        this.allowed = allowed;
    }

    /// A check of the standard library.
    private interface Check {
        void run() throws CertificateException;
    }

    private void judge(X509Certificate[] chain, Check check) throws CertificateException {
        final String unfit = unfit(chain);
        if (unfit != null) {
            throw refused(unfit, null);
        }
        try {
            check.run();
        } catch (CertificateException e) {
            throw refused(explain(chain, e), e);
        }
        if (dialled != null && HostNames.address(dialled) == null && !HostNames.hasDnsName(chain[0])) {
            // The standard library would take the common name, which RFC 9525 §6.3 has abolished.
            throw refused("its certificate names no host as a subject alternative name", null);
        }
        // A certificate that is trusted by itself is not asked for its time by the standard library.
        final String untimely = untimely(chain[0]);
        if (untimely != null) {
            throw refused(untimely, null);
        }
        names = HostNames.of(chain[0]);
        if (!allowed.isEmpty() && names.stream().noneMatch(allowed::contains)) {
            throw refused(
                    "its certificate is for " + HostNames.describe(chain[0]) + ", which is not among those allowed ("
                            + String.join(", ", allowed.stream().sorted().toList()) + ")",
                    null);
        }
        accepted = true;
    }

    private CertificateException refused(String line, @Nullable CertificateException cause) {
        refusal = line;
        return new CertificateException(line, cause);
    }

    private static @Nullable String unfit(X509Certificate[] chain) throws CertificateEncodingException {
        if (chain.length == 0) {
            return "it showed no certificate";
        }
        if (chain.length > Credentials.MOST_CHAIN) {
            return "it showed a chain of " + chain.length + " certificates; at most " + Credentials.MOST_CHAIN
                    + " are accepted";
        }
        long bytes = 0;
        for (final X509Certificate each : chain) {
            bytes += each.getEncoded().length;
        }
        return bytes <= Credentials.MOST_CHAIN_BYTES
                ? null
                : "it showed certificates of " + bytes + " bytes; at most " + Credentials.MOST_CHAIN_BYTES
                        + " are accepted";
    }

    private String explain(X509Certificate[] chain, CertificateException cause) {
        final X509Certificate host = chain[0];
        boolean anchored = false;
        for (final X509Certificate each : chain) {
            anchored |= own.anchorOf(each) != null;
        }
        if (!anchored) {
            return untrusted(chain);
        }
        for (final X509Certificate each : chain) {
            final String untimely = untimely(each);
            if (untimely != null) {
                return untimely;
            }
        }
        final String text = HostNames.printable(String.valueOf(cause.getMessage()));
        if (dialled != null && (text.startsWith("No subject") || text.startsWith("No name matching"))) {
            return "its certificate is for " + HostNames.describe(host) + ", not for " + HostNames.printable(dialled)
                    + "; connect by a name in it, or issue it for this name";
        }
        return "its certificate (" + HostNames.describe(host) + ") is not valid here: " + text;
    }

    private String untrusted(X509Certificate[] chain) {
        final X509Certificate host = chain[0];
        if (host.getIssuerX500Principal().equals(host.getSubjectX500Principal())) {
            return "its certificate (" + HostNames.describe(host) + ") is self-signed and not trusted";
        }
        final String issuer = HostNames.issuer(chain[chain.length - 1]);
        return "its certificate (" + HostNames.describe(host) + ") is signed by " + issuer
                + ", which is not trusted here (" + trusted() + ")";
    }

    private String trusted() {
        final List<X509Certificate> trust = own.trust();
        final String first = HostNames.subject(trust.getFirst());
        return "trusted: " + first + (trust.size() == 1 ? "" : " and " + (trust.size() - 1) + " more");
    }

    private static @Nullable String untimely(X509Certificate each) {
        final Instant now = Instant.now();
        if (each.getNotAfter().toInstant().isBefore(now)) {
            return "its certificate (" + HostNames.describe(each) + ") expired on "
                    + each.getNotAfter().toInstant();
        }
        if (each.getNotBefore().toInstant().isAfter(now)) {
            return "its certificate (" + HostNames.describe(each) + ") is valid only from "
                    + each.getNotBefore().toInstant() + "; check the clocks of both machines";
        }
        return null;
    }

    /// Why the peer was refused; null when it was not, or was not judged.
    @Nullable
    String refusal() {
        return refusal;
    }

    /// The names in the peer's certificate.
    List<String> names() {
        return names;
    }

    /// True when the peer's certificates were judged in this handshake, and accepted.
    boolean isAccepted() {
        return accepted;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        judge(chain, () -> own.validator().checkClientTrusted(chain, authType, engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        judge(chain, () -> own.validator().checkServerTrusted(chain, authType, engine));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("only engines are served");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("only engines are served");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("only engines are served");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("only engines are served");
    }

    /// A stranger need not know whom this end believes (RFC 8446 §4.2.4 allows to leave it out).
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return NOBODY;
    }
}
