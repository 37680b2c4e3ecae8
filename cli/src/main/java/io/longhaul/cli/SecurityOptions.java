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

import io.longhaul.ConfigurationException;
import io.longhaul.Longhaul.Identity;
import io.longhaul.identity.HostNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Who this end is and whom it believes: the same options on both sides.
final class SecurityOptions {
    @Option(
            names = "--cert",
            paramLabel = "FILE",
            description = "Certificate of this host (PEM). Default: cert.pem in ~/.config/longhaul.")
    @Nullable
    Path certificate;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            description = "Its private key (PEM, PKCS #8). Default: key.pem in ~/.config/longhaul.")
    @Nullable
    Path key;

    @Option(
            names = "--trust",
            paramLabel = "FILE",
            description = "Certificates of the authorities to believe (PEM). Default: ca.pem in ~/.config/longhaul.")
    @Nullable
    Path trust;

    @Option(names = "--keystore", paramLabel = "FILE", description = "All three in one key store (PKCS #12) instead.")
    @Nullable
    Path keyStore;

    @Option(names = "--password-file", paramLabel = "FILE", description = "File with the key store's password.")
    @Nullable
    Path passwordFile;

    @Option(
            names = "--allow",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Hosts that may connect, by a name in their certificates; with commas, or repeated. Default: all"
                            + " that --trust has signed.")
    List<String> allow = new ArrayList<>();

    @Option(
            names = "--insecure",
            description = "Go on without authentication and encryption: on networks that you trust.")
    boolean insecure;

    /// An identity that was made by the command itself, for its own processes.
    @Nullable
    Identity ownIdentity;

    /// The identity that the options name; null with --insecure.
    ///
    /// @param server true for a command that others connect to
    /// @throws CommandFailure when there is none, or the options contradict one another
    @Nullable
    Identity identity(boolean server) {
        if (insecure) {
            final String given = given();
            if (given != null) {
                throw CommandFailure.usage("--insecure and " + given + " contradict each other; leave one out");
            }
            return null;
        }
        if (ownIdentity != null) {
            return ownIdentity;
        }
        try {
            return named(server).allow(allow.stream().map(HostNames::normal).toList());
        } catch (ConfigurationException e) {
            throw CommandFailure.usage("Invalid value for option '--allow': " + e.getMessage());
        }
    }

    private @Nullable String given() {
        if (certificate != null) {
            return "--cert";
        }
        if (key != null) {
            return "--key";
        }
        if (trust != null) {
            return "--trust";
        }
        if (keyStore != null) {
            return "--keystore";
        }
        return allow.isEmpty() ? null : "--allow";
    }

    private Identity named(boolean server) {
        final Path store = keyStore;
        final Path password = passwordFile;
        if (store != null || password != null) {
            if (store == null || password == null || certificate != null || key != null || trust != null) {
                throw CommandFailure.usage(
                        "--keystore goes together with --password-file, and not with --cert, --key and --trust");
            }
            return Identity.ofKeyStore(store, password);
        }
        final ConfigDirectory config = ConfigDirectory.present();
        final Path usedCertificate = certificate != null ? certificate : config.certificate();
        final Path usedKey = key != null ? key : config.key();
        final Path usedTrust = trust != null ? trust : config.authority();
        for (final Path each : List.of(usedCertificate, usedKey, usedTrust)) {
            if (!Files.exists(each)) {
                throw CommandFailure.usage(
                        certificate == null && key == null && trust == null
                                ? none(config, server)
                                : each + " does not exist; give --cert, --key and --trust, or make them with: longhaul"
                                        + " keygen");
            }
        }
        return Identity.ofPem(usedCertificate, usedKey, usedTrust);
    }

    /// How to begin, in one line.
    private static String none(ConfigDirectory config, boolean server) {
        final String missing =
                "there is no certificate in " + config.text() + ", and connections must be authenticated; ";
        final String otherwise = "; or, on a network that you trust, add --insecure";
        return server
                ? missing + "start securely with two commands: ./longhaul keygen --out " + config.text() + " --name "
                        + hostName() + " && ./longhaul serve" + otherwise
                : missing + "make one where the server's was made: ./longhaul keygen --out " + config.text()
                        + " --name " + hostName() + ", and copy ca.pem, cert.pem and key.pem to here" + otherwise;
    }

    /// The name of this host as its kernel knows it; {@code localhost} when that is no name.
    static String hostName() {
        try {
            return HostNames.normal(Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.ISO_8859_1)
                    .strip());
        } catch (IOException | ConfigurationException e) {
            return "localhost";
        }
    }
}
