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
import java.net.IDN;
import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Names of hosts as they stand in certificates: DNS names in lower case, and IP addresses as their text.
public final class HostNames {
    private static final int MOST_CHARACTERS = 253; // RFC 1035 §2.3.4
    private static final Pattern LABEL = Pattern.compile("[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?");
    private static final Pattern ONLY_DIGITS_AND_DOTS = Pattern.compile("[0-9.]+");
    private static final Pattern FOUR_NUMBERS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final int MOST_TEXT = 120;
    private static final int DNS_NAME = 2; // GeneralName, RFC 5280 §4.2.1.6
    private static final int IP_ADDRESS = 7;

    private HostNames() {}

    /// The form in which a name is compared and written.
    ///
    /// @throws ConfigurationException when it is neither a host name nor an IP address
    public static String normal(String text) {
        final byte[] address = address(text);
        if (address != null) {
            return text(address);
        }
        final String name;
        try {
            name = IDN.toASCII(text.endsWith(".") ? text.substring(0, text.length() - 1) : text)
                    .toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            throw invalid(text);
        }
        if (name.isEmpty()
                || name.length() > MOST_CHARACTERS
                || ONLY_DIGITS_AND_DOTS.matcher(name).matches()) {
            throw invalid(text);
        }
        for (final String label : name.split("\\.", -1)) {
            if (!LABEL.matcher(label).matches()) {
                throw invalid(text);
            }
        }
        return name;
    }

    private static ConfigurationException invalid(String text) {
        return new ConfigurationException("'" + printable(text) + "' is neither a host name nor an IP address");
    }

    /// The bytes of an IP address; null when the text is none.
    static byte @Nullable [] address(String text) {
        if (text.indexOf(':') < 0 && !FOUR_NUMBERS.matcher(text).matches()) {
            return null;
        }
        try {
            return InetAddress.ofLiteral(text).getAddress();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String text(byte[] address) {
        try {
            return InetAddress.getByAddress(address).getHostAddress();
        } catch (java.net.UnknownHostException e) {
            throw new AssertionError("an address of 4 or 16 bytes is valid", e);
        }
    }

    /// The names in a certificate: the subject alternative names, DNS and IP (RFC 5280 §4.2.1.6). What is
    /// malformed is left out: it names nobody.
    public static List<String> of(X509Certificate certificate) {
        final List<String> names = new ArrayList<>();
        try {
            final Collection<List<?>> entries = certificate.getSubjectAlternativeNames();
            if (entries != null) {
                for (final List<?> entry : entries) {
                    final int type = (Integer) entry.get(0);
                    if ((type == DNS_NAME || type == IP_ADDRESS) && entry.get(1) instanceof String name) {
                        add(names, name);
                    }
                }
            }
        } catch (CertificateParsingException e) {
            return List.of();
        }
        return List.copyOf(names);
    }

    /// True when a certificate has a DNS name among its subject alternative names, were it a wildcard.
    static boolean hasDnsName(X509Certificate certificate) {
        try {
            final Collection<List<?>> entries = certificate.getSubjectAlternativeNames();
            return entries != null && entries.stream().anyMatch(entry -> (Integer) entry.get(0) == DNS_NAME);
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    private static void add(List<String> names, String name) {
        try {
            names.add(normal(name));
        } catch (ConfigurationException e) {
            // A wildcard, or nonsense: no name of one host.
        }
    }

    /// What a certificate is called in messages: its names, or its subject.
    static String describe(X509Certificate certificate) {
        final List<String> names = of(certificate);
        return names.isEmpty() ? subject(certificate) : printable(String.join(", ", names));
    }

    /// The subject, fit for a terminal.
    static String subject(X509Certificate certificate) {
        return printable(certificate.getSubjectX500Principal().getName());
    }

    /// The issuer, fit for a terminal.
    static String issuer(X509Certificate certificate) {
        return printable(certificate.getIssuerX500Principal().getName());
    }

    /// A stranger's text goes to terminals and logs: only plain characters, and not many.
    static String printable(String text) {
        final String plain = text.replaceAll("[^ -~]", "?");
        return plain.length() <= MOST_TEXT ? plain : plain.substring(0, MOST_TEXT) + "...";
    }
}
