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

import io.longhaul.cli.Main;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;

/// A server and a client of `longhaul` in one process: `TwoEnds HOST:PORT serve WORDS... -- perf WORDS...`.
///
/// Where an instruction is a nanosecond and there is one processor, each switch between two address spaces costs the emulator
/// all of its translations; the two ends still meet over their devices and the path between them.
final class TwoEnds {
    private static final int PATIENCE_MILLIS = 600_000;

    private TwoEnds() {}

    public static void main(String[] arguments) throws Exception {
        final List<String> words = Arrays.asList(arguments);
        final int border = words.indexOf("--");
        final int colon = words.getFirst().lastIndexOf(':');
        final InetSocketAddress server = new InetSocketAddress(
                words.getFirst().substring(0, colon),
                Integer.parseInt(words.getFirst().substring(colon + 1)));
        Thread.ofPlatform().daemon().name("server").start(() -> execute(words.subList(1, border)));
        awaitListening(server);
        final int status = execute(words.subList(border + 1, words.size()));
        System.out.flush();
        Runtime.getRuntime().halt(status); // the server's end would have a status of its own
    }

    private static int execute(List<String> words) {
        return Main.commandLine().execute(words.toArray(new String[0]));
    }

    private static void awaitListening(InetSocketAddress server) throws InterruptedException {
        final long start = System.currentTimeMillis();
        while (System.currentTimeMillis() - start < PATIENCE_MILLIS) {
            try (Socket socket = new Socket()) {
                socket.connect(server, 1000);
                return;
            } catch (IOException e) {
                Thread.sleep(100);
            }
        }
    }
}
