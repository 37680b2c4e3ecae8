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
package io.longhaul.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// Two network namespaces joined by a veth pair: two hosts on one machine, with the kernel's own path between them.
final class TwoNamespaces implements AutoCloseable {
    static final String SERVER_IPV4 = "10.213.7.1";
    static final String CLIENT_IPV4 = "10.213.7.2";
    static final String SERVER_IPV6 = "fd5e:e101:d::1";
    static final String CLIENT_IPV6 = "fd5e:e101:d::2";

    private final String server = "lh-s-" + ProcessHandle.current().pid();
    private final String client = "lh-c-" + ProcessHandle.current().pid();

    private TwoNamespaces() {}

    /// Makes the namespaces, or skips the test and says why.
    static TwoNamespaces create(int mtuBytes) throws IOException, InterruptedException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "skipped: network namespaces need root");
        Assumptions.assumeTrue(works("ip", "-V"), "skipped: the command `ip` of iproute2 is not installed");
        final TwoNamespaces made = new TwoNamespaces();
        made.remove();
        final boolean ready = works("ip", "netns", "add", made.server)
                && works("ip", "netns", "add", made.client)
                && works(
                        "ip",
                        "-n",
                        made.server,
                        "link",
                        "add",
                        "v0",
                        "type",
                        "veth",
                        "peer",
                        "v0",
                        "netns",
                        made.client)
                && made.configure(made.server, mtuBytes, SERVER_IPV4, SERVER_IPV6)
                && made.configure(made.client, mtuBytes, CLIENT_IPV4, CLIENT_IPV6);
        if (!ready) {
            made.remove();
        }
        Assumptions.assumeTrue(ready, "skipped: this kernel allows no network namespaces with veth");
        return made;
    }

    private boolean configure(String name, int mtuBytes, String ipv4, String ipv6)
            throws IOException, InterruptedException {
        return works("ip", "-n", name, "link", "set", "v0", "mtu", Integer.toString(mtuBytes))
                && works("ip", "-n", name, "addr", "add", ipv4 + "/24", "dev", "v0")
                && works("ip", "-n", name, "-6", "addr", "add", ipv6 + "/64", "dev", "v0", "nodad")
                && works("ip", "-n", name, "link", "set", "lo", "up")
                && works("ip", "-n", name, "link", "set", "v0", "up");
    }

    /// What to put before a command so that it runs on the server's host.
    List<String> onServer() {
        return List.of("ip", "netns", "exec", server);
    }

    /// What to put before a command so that it runs on the client's host.
    List<String> onClient() {
        return List.of("ip", "netns", "exec", client);
    }

    private static boolean works(String... command) throws IOException, InterruptedException {
        try {
            final Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            final boolean done = process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
            if (!done) {
                System.out.println(String.join(" ", command) + ": " + output.strip());
            }
            return done;
        } catch (IOException e) {
            return false;
        }
    }

    private void remove() throws IOException, InterruptedException {
        for (final String name : List.of(server, client)) {
            if (java.nio.file.Files.exists(java.nio.file.Path.of("/run/netns", name))) {
                works("ip", "netns", "delete", name);
            }
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        remove();
    }
}
