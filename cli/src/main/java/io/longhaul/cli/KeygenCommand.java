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
import io.longhaul.identity.PrivateAuthority;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Makes a private authority and the keys of hosts, or adds hosts to an authority that is there.
@Command(
        name = "keygen",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Make a private authority and the keys of hosts (ECDSA P-256); run again, add hosts to it.",
            "The first host gets ca.pem, cert.pem and key.pem in DIR; each further one a directory of its own below it,"
                    + " to be copied to ~/.config/longhaul of that host. ca-key.pem signs: keep it, and keep it safe."
        })
final class KeygenCommand implements Callable<Integer> {
    private static final int MOST_DAYS = 3650;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where to. Default: ~/.config/longhaul, where the other commands look.")
    @Nullable
    Path directory;

    @Option(
            names = "--name",
            paramLabel = "HOST",
            description = "A host: the name or address by which it is reached; several names of one host with commas."
                    + " Default: this host, localhost, 127.0.0.1 and ::1.")
    List<String> hosts = new ArrayList<>();

    @Option(
            names = "--days",
            paramLabel = "N",
            description = "How long the hosts' certificates are valid. Default: 365.")
    int days = (int) PrivateAuthority.HOST_LIFE.toDays();

    @Option(names = "--force", description = "Replace the files of hosts. The authority is never replaced.")
    boolean force;

    @Mixin
    OutputOptions output = new OutputOptions();

    @Override
    public Integer call() throws IOException {
        if (days < 1 || days > MOST_DAYS) {
            throw CommandFailure.usage("Invalid value for option '--days': '" + days + "' is not in 1.." + MOST_DAYS);
        }
        final Path target =
                directory != null ? directory : ConfigDirectory.present().path();
        final KeyFiles.Made made;
        try {
            made = new KeyFiles(target, force).make(names(), Duration.ofDays(days), Instant.now());
        } catch (ConfigurationException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        } catch (FileAlreadyExistsException e) {
            throw CommandFailure.failed(
                    e.getMessage() + " exists and was left as it is; --force replaces the files of hosts", e);
        } catch (AccessDeniedException e) {
            throw CommandFailure.failed(e.getFile() + " cannot be written: permission denied", e);
        }
        print(made, target);
        return ExitStatus.OK;
    }

    private List<List<String>> names() {
        if (hosts.isEmpty()) {
            return List.of(List.of(SecurityOptions.hostName(), "localhost", "127.0.0.1", "::1"));
        }
        return hosts.stream().map(each -> List.of(each.split(",", -1))).toList();
    }

    private void print(KeyFiles.Made made, Path target) {
        output.line((made.newAuthority() ? "made" : "used") + " the authority "
                + target.resolve(ConfigDirectory.AUTHORITY) + "; its key, ca-key.pem, signs: keep it safe");
        final List<Json> list = new ArrayList<>();
        for (final KeyFiles.Host host : made.hosts()) {
            final Instant end = host.certificate().getNotAfter().toInstant();
            output.line("made " + host.directory().resolve(ConfigDirectory.CERTIFICATE) + " and " + ConfigDirectory.KEY
                    + " for " + String.join(", ", host.names()) + ", until " + end);
            if (!host.directory().equals(target)) {
                output.say("copy " + host.directory() + " to ~/.config/longhaul on "
                        + host.names().getFirst());
            }
            list.add(new Json()
                    .put("names", host.names())
                    .put("directory", host.directory().toString())
                    .put("until", end.toString()));
        }
        output.result(new Json()
                .put("authority", target.resolve(ConfigDirectory.AUTHORITY).toString())
                .put("new_authority", made.newAuthority())
                .put("hosts", list));
    }
}
