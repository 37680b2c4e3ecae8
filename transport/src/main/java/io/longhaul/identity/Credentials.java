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

import io.longhaul.ConfigurationException;
import io.longhaul.Longhaul.Identity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// An identity that was read and checked: the key belongs to the certificate, the chain hangs together, and there is
/// somebody to trust. Immutable.
public final class Credentials {
    /// Longest chain that is sent or accepted.
    static final int MOST_CHAIN = 10;

    /// Longest chain in encoded form that is accepted, bytes.
    static final int MOST_CHAIN_BYTES = 64 * 1024;

    private final PrivateKey key;
    private final List<X509Certificate> chain;
    private final List<X509Certificate> trust;
    private final String origin;
    private final X509ExtendedTrustManager validator;

    private Credentials(PrivateKey key, List<X509Certificate> chain, List<X509Certificate> trust, String origin) {
        this.key = key;
        this.chain = List.copyOf(chain);
        this.trust = List.copyOf(trust);
        this.origin = origin;
        check();
        validator = validator(this.trust);
    }

    /// Reads the files that a source names.
    ///
    /// @throws ConfigurationException when one of them cannot be used, with what to do about it
    public static Credentials load(Identity.Source source) {
        return switch (source) {
            case Identity.PemFiles pem -> {
                PemFiles.checkUnalterable(pem.certificates());
                PemFiles.checkUnalterable(pem.trust());
                final List<X509Certificate> chain = PemFiles.certificates(pem.certificates());
                final PrivateKey key = PemFiles.privateKey(pem.key(), chain.getFirst(), pem.certificates());
                yield new Credentials(
                        key,
                        chain,
                        PemFiles.certificates(pem.trust()),
                        pem.certificates().toString());
            }
            case Identity.KeyStoreFile store -> fromKeyStore(store.file(), store.passwordFile());
            case Identity.InMemory memory -> {
                if (memory.certificates().isEmpty() || memory.trust().isEmpty()) {
                    throw new ConfigurationException("an identity needs a certificate, and one to trust");
                }
                if (!PemFiles.belongs(
                        memory.key(), memory.certificates().getFirst().getPublicKey())) {
                    throw new ConfigurationException("the key of the identity does not belong to its certificate");
                }
                yield new Credentials(memory.key(), memory.certificates(), memory.trust(), "memory");
            }
        };
    }

    private static Credentials fromKeyStore(Path file, Path passwordFile) {
        PemFiles.checkPrivate(file);
        PemFiles.checkPrivate(passwordFile);
        final char[] password = new String(PemFiles.bytes(passwordFile), StandardCharsets.UTF_8)
                .lines()
                .findFirst()
                .orElse("")
                .toCharArray();
        try {
            final KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new ByteArrayInputStream(PemFiles.bytes(file)), password);
            return fromKeyStore(store, password, file);
        } catch (IOException e) {
            throw new ConfigurationException(
                    file + " cannot be opened with the password in " + passwordFile + ", or is no PKCS #12 key store",
                    e);
        } catch (GeneralSecurityException e) {
            throw new ConfigurationException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Credentials fromKeyStore(KeyStore store, char[] password, Path file)
            throws GeneralSecurityException {
        PrivateKey key = null;
        final List<X509Certificate> chain = new ArrayList<>();
        final List<X509Certificate> trust = new ArrayList<>();
        for (final String alias : Collections.list(store.aliases())) {
            if (store.isCertificateEntry(alias)) {
                trust.add((X509Certificate) store.getCertificate(alias));
            } else if (key == null && store.getKey(alias, password) instanceof PrivateKey found) {
                key = found;
                for (final Certificate each : store.getCertificateChain(alias)) {
                    chain.add((X509Certificate) each);
                }
            }
        }
        if (key == null) {
            throw new ConfigurationException(file + " holds no private key");
        }
        if (trust.isEmpty()) {
            throw new ConfigurationException(file + " holds no certificate of an authority to trust; add one with:"
                    + " keytool -importcert -file ca.pem -alias ca -keystore " + PemFiles.quoted(file));
        }
        return new Credentials(key, chain, trust, file.toString());
    }

    private void check() {
        if (chain.size() > MOST_CHAIN) {
            throw new ConfigurationException(origin + " holds " + chain.size() + " certificates; a chain has at most "
                    + MOST_CHAIN + ": the host's, and those between it and the authority");
        }
        for (int i = 1; i < chain.size(); i++) {
            if (!chain.get(i - 1).getIssuerX500Principal().equals(chain.get(i).getSubjectX500Principal())) {
                throw new ConfigurationException(
                        "the certificates in " + origin + " are no chain: '" + HostNames.subject(chain.get(i))
                                + "' did not sign the one before it; put the host's first, then its issuer's");
            }
        }
    }

    /// Refuses a certificate that nobody would accept now.
    ///
    /// @throws ConfigurationException when it has expired or is not valid yet
    public void checkTime(Instant now) {
        for (final X509Certificate each : chain) {
            if (each.getNotAfter().toInstant().isBefore(now)) {
                throw new ConfigurationException("the certificate of " + HostNames.describe(each) + " in " + origin
                        + " expired on " + each.getNotAfter().toInstant()
                        + "; make a new one with: longhaul keygen --force, or have it renewed");
            }
            if (each.getNotBefore().toInstant().isAfter(now)) {
                throw new ConfigurationException("the certificate of " + HostNames.describe(each) + " in " + origin
                        + " is valid only from " + each.getNotBefore().toInstant() + ", and the clock says " + now
                        + "; check the clock of this machine");
            }
        }
    }

    private static X509ExtendedTrustManager validator(List<X509Certificate> trust) {
        try {
            final KeyStore anchors = KeyStore.getInstance("PKCS12");
            anchors.load(null, null);
            for (int i = 0; i < trust.size(); i++) {
                anchors.setCertificateEntry("anchor" + i, trust.get(i));
            }
            final TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(anchors);
            for (final TrustManager each : factory.getTrustManagers()) {
                if (each instanceof X509ExtendedTrustManager found) {
                    return found;
                }
            }
            throw new AssertionError("PKIX checks X.509");
        } catch (GeneralSecurityException | IOException e) {
            throw new ConfigurationException("the certificates to trust cannot be used: " + e.getMessage(), e);
        }
    }

    /// The private key.
    PrivateKey key() {
        return key;
    }

    /// The host's certificate and those behind it.
    public List<X509Certificate> chain() {
        return chain;
    }

    /// The authorities that are believed.
    public List<X509Certificate> trust() {
        return trust;
    }

    X509ExtendedTrustManager validator() {
        return validator;
    }

    /// Where they come from, for messages.
    public String origin() {
        return origin;
    }

    /// When the first certificate of the chain expires.
    public Instant notAfter() {
        return chain.stream()
                .map(each -> each.getNotAfter().toInstant())
                .min(Instant::compareTo)
                .orElseThrow();
    }

    /// The names in the host's certificate.
    public List<String> names() {
        return HostNames.of(chain.getFirst());
    }

    /// The host's certificate in a few words.
    public String describe() {
        final X509Certificate own = chain.getFirst();
        return HostNames.describe(own) + ", signed by " + HostNames.issuer(own);
    }

    /// The authority among the trusted that has signed a certificate; null when there is none.
    @Nullable
    X509Certificate anchorOf(X509Certificate certificate) {
        for (final X509Certificate anchor : trust) {
            if (anchor.equals(certificate)
                    || anchor.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
                            && isSignedBy(certificate, anchor)) {
                return anchor;
            }
        }
        return null;
    }

    private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
