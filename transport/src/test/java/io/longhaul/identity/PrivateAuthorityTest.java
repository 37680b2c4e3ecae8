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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.identity.PrivateAuthority.Issued;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateAuthorityTest {
    private static final List<String> NAMES = List.of("host-a.example", "10.0.0.7", "2001:db8::7");

    private final Instant now = Instant.now();
    private final PrivateAuthority authority = PrivateAuthority.create(now);
    private final Issued host = authority.issue(NAMES, now, Duration.ofDays(90));

    @Test
    void theStandardLibraryAcceptsTheChain() throws Exception {
        final PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority.certificate(), null)));
        parameters.setRevocationEnabled(false);
        final CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(host.certificate()));
        CertPathValidator.getInstance("PKIX").validate(path, parameters);
    }

    @Test
    void opensslAcceptsTheChainForBothRolesAndItsNames(@TempDir Path dir) throws Exception {
        final Path ca = dir.resolve("ca.pem");
        final Path cert = dir.resolve("cert.pem");
        Files.writeString(
                ca, PemFiles.encode("CERTIFICATE", authority.certificate().getEncoded()));
        Files.writeString(
                cert, PemFiles.encode("CERTIFICATE", host.certificate().getEncoded()));
        for (final String purpose : List.of("sslserver", "sslclient")) {
            assertEquals(
                    0,
                    openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca.toString(), cert.toString()));
        }
        assertEquals(
                0, openssl("verify", "-verify_hostname", "host-a.example", "-CAfile", ca.toString(), cert.toString()));
        assertEquals(0, openssl("verify", "-verify_ip", "2001:db8::7", "-CAfile", ca.toString(), cert.toString()));
        assertNotEquals(
                0, openssl("verify", "-verify_hostname", "host-b.example", "-CAfile", ca.toString(), cert.toString()));
    }

    private static int openssl(String... arguments) throws Exception {
        final List<String> command = new java.util.ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        final Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (java.io.IOException e) {
            Assumptions.abort("openssl is not installed: " + e.getMessage());
            throw e;
        }
        final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), said);
        return process.exitValue();
    }

    @Test
    void aHostsCertificateSaysWhoItIsAndNoMore() throws Exception {
        final X509Certificate certificate = host.certificate();
        assertEquals(3, certificate.getVersion());
        assertEquals(-1, certificate.getBasicConstraints());
        assertEquals(Set.of("2.5.29.15", "2.5.29.19"), certificate.getCriticalExtensionOIDs());
        assertEquals(List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"), certificate.getExtendedKeyUsage());
        assertEquals(List.of("host-a.example", "10.0.0.7", "2001:db8:0:0:0:0:0:7"), HostNames.of(certificate));
        assertEquals("SHA256withECDSA", certificate.getSigAlgName());
        assertEquals(
                256,
                ((ECPublicKey) certificate.getPublicKey())
                        .getParams()
                        .getOrder()
                        .bitLength());
        assertTrue(certificate.getSerialNumber().bitLength() > 100);
        final Instant end = certificate.getNotAfter().toInstant();
        assertTrue(Duration.between(now.plus(Duration.ofDays(90)), end).abs().toSeconds() <= 1, end.toString());
    }

    @Test
    void anAuthoritySignsHostsOnly() {
        final X509Certificate certificate = authority.certificate();
        assertEquals(0, certificate.getBasicConstraints());
        final boolean[] usage = certificate.getKeyUsage();
        assertTrue(usage[5] && usage[6]);
        assertFalse(usage[0]);
    }

    @Test
    void noCertificateOutlivesItsAuthority() {
        final Issued late = authority.issue(List.of("h"), now, Duration.ofDays(36_500));
        assertEquals(authority.certificate().getNotAfter(), late.certificate().getNotAfter());
    }

    @Test
    void timesFrom2050OnAreRead() {
        final Instant far = Instant.parse("2050-01-01T00:00:00Z");
        final PrivateAuthority old = PrivateAuthority.create(now, far);
        assertEquals(far, old.certificate().getNotAfter().toInstant());
    }

    @Test
    void aNameLongerThanACommonNameIsWrittenInFullBesideIt() {
        final String name = "a".repeat(60) + "." + "b".repeat(60) + ".example";
        assertEquals(
                List.of(name),
                HostNames.of(
                        authority.issue(List.of(name), now, Duration.ofDays(1)).certificate()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "a..b",
                "-a",
                "a-",
                "host\0",
                "*.example",
                "1.2.3",
                "1.2.3.4.5",
                "::g",
                "a/b",
                "..",
                "."
            })
    void whatIsNoNameIsRefused(String name) {
        assertThrows(ConfigurationException.class, () -> authority.issue(List.of(name), now, Duration.ofDays(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host-A.Example.", "host-a.example", "HOST-A.EXAMPLE"})
    void namesHaveOneForm(String name) {
        assertEquals("host-a.example", HostNames.normal(name));
    }

    @Test
    void derIsThatOfTheStandard() {
        // X.690 §8.19.5 (an identifier), §8.1.3.5 (a length of two digits), §8.3 (a number with its highest bit set)
        assertEquals("0603883703", java.util.HexFormat.of().formatHex(Der.oid("2.999.3")));
        assertEquals("3081c9", java.util.HexFormat.of().formatHex(Der.sequence(new byte[201]), 0, 3));
        assertEquals("02020080", java.util.HexFormat.of().formatHex(Der.integer(java.math.BigInteger.valueOf(128))));
    }
}
