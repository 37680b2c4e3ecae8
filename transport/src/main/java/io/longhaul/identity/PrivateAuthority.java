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
import io.longhaul.Longhaul;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/// A private certificate authority: a key that signs the certificates of a group of hosts, so that they know each
/// other. All keys are ECDSA on P-256.
public final class PrivateAuthority {
    /// How long an authority is valid.
    public static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);

    /// How long a host's certificate is valid unless said otherwise.
    public static final Duration HOST_LIFE = Duration.ofDays(365);

    /// Certificates are valid from this long before they were made: clocks differ.
    private static final Duration CLOCK_DIFFERENCE = Duration.ofHours(1);

    private static final int MOST_COMMON_NAME = 64; // RFC 5280 Appendix A.1, ub-common-name
    private static final SecureRandom RANDOM = new SecureRandom();

    private final X509Certificate certificate;
    private final PrivateKey key;

    private PrivateAuthority(X509Certificate certificate, PrivateKey key) {
        this.certificate = certificate;
        this.key = key;
    }

    /// What a host gets.
    ///
    /// @param key its private key
    /// @param certificate the certificate of the key
    public record Issued(PrivateKey key, X509Certificate certificate) {}

    /// Makes an authority that is valid from a given time on.
    public static PrivateAuthority create(Instant now) {
        return create(now.minus(CLOCK_DIFFERENCE), now.plus(AUTHORITY_LIFE));
    }

    /// Makes an authority that is valid from now on.
    public static PrivateAuthority create() {
        return create(Instant.now());
    }

    /// Makes an authority that is valid for a given time.
    public static PrivateAuthority create(Instant notBefore, Instant notAfter) {
        final byte[] mark = new byte[4];
        RANDOM.nextBytes(mark);
        final String name = "Longhaul private authority " + HexFormat.of().formatHex(mark);
        try {
            final KeyPair pair = keyPair();
            final CertificateWriter.Content content =
                    new CertificateWriter.Content(name, pair.getPublic(), List.of(), notBefore, notAfter);
            return new PrivateAuthority(CertificateWriter.authority(content, pair.getPrivate()), pair.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java has ECDSA on P-256", e);
        }
    }

    /// Reads an authority that an earlier {@link #create} made.
    ///
    /// @throws ConfigurationException when a file cannot be read, is no such file, or they do not belong together
    public static PrivateAuthority load(Path certificate, Path key) {
        final X509Certificate read = PemFiles.certificates(certificate).getFirst();
        if (read.getBasicConstraints() < 0) {
            throw new ConfigurationException(certificate + " is no certificate of an authority");
        }
        return new PrivateAuthority(read, PemFiles.privateKey(key, read, certificate));
    }

    /// Makes a key and a certificate for a host, valid from now on, but never longer than the authority.
    ///
    /// @param names DNS names and IP addresses of the host, one or more
    /// @throws ConfigurationException when a name is invalid
    public Issued issue(List<String> names, Instant now, Duration life) {
        final Instant limit = certificate.getNotAfter().toInstant();
        final Instant notAfter = now.plus(life);
        return issue(names, now.minus(CLOCK_DIFFERENCE), notAfter.isAfter(limit) ? limit : notAfter);
    }

    /// Makes a key and a certificate for a host, valid for a given time.
    ///
    /// @throws ConfigurationException when a name is invalid
    public Issued issue(List<String> names, Instant notBefore, Instant notAfter) {
        final List<String> normal =
                names.stream().map(HostNames::normal).distinct().toList();
        if (normal.isEmpty()) {
            throw new ConfigurationException("a certificate needs the name of its host");
        }
        final String first = normal.getFirst();
        final String subject = first.length() <= MOST_COMMON_NAME ? first : first.substring(0, MOST_COMMON_NAME);
        try {
            final KeyPair pair = keyPair();
            final CertificateWriter.Content content =
                    new CertificateWriter.Content(subject, pair.getPublic(), normal, notBefore, notAfter);
            return new Issued(pair.getPrivate(), CertificateWriter.host(content, certificate, key));
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java has ECDSA on P-256", e);
        }
    }

    /// An identity that lives in memory only, for endpoints of one program or a test.
    public Longhaul.Identity identity(String... names) {
        final Issued issued = issue(List.of(names), Instant.now(), HOST_LIFE);
        return Longhaul.Identity.of(issued.key(), List.of(issued.certificate()), List.of(certificate));
    }

    /// The certificate that others must trust.
    public X509Certificate certificate() {
        return certificate;
    }

    /// The key that signs.
    public PrivateKey key() {
        return key;
    }

    private static KeyPair keyPair() throws GeneralSecurityException {
        final KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
        return generator.generateKeyPair();
    }
}
