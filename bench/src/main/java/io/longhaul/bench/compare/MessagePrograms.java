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
package io.longhaul.bench.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs the loads of messages and streams that this module has programs for: all transports get the same.
final class MessagePrograms {
    private static final double GIB = 1L << 30;
    private static final int SECONDS_TO_END = 60;

    private MessagePrograms() {}

    /// Runs messages or a stream.
    ///
    /// @param options for the JVMs
    /// @param program the class of both ends
    /// @param words what stands behind `serve`, `load` and `stream`
    static Map<String, @Nullable Object> run(
            List<String> options, Class<?> program, List<String> words, Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        return run(options, program, words, words, cell, effort, programs);
    }

    /// The same, for programs whose ends take different words.
    @SuppressWarnings("checkstyle:ParameterNumber") // what a run is made of
    static Map<String, @Nullable Object> run(
            List<String> options,
            Class<?> program,
            List<String> serverWords,
            List<String> clientWords,
            Cell cell,
            Effort effort,
            Programs programs)
            throws IOException, InterruptedException {
        programs.startServer(
                Programs.java(options, program.getName(), joined("serve", serverWords, List.of())), "\"port\"");
        if (cell.kind() == Cell.Kind.STREAM) {
            int warmup = effort.warmupSeconds(cell.path());
            List<String> arguments =
                    joined("stream", clientWords, List.of(String.valueOf(warmup), String.valueOf(effort.seconds())));
            Map<String, @Nullable Object> result = JsonText.parse(programs.runClient(
                    Programs.java(options, program.getName(), arguments), effort.seconds() + warmup + SECONDS_TO_END));
            double bytes = JsonText.number(result, "bytes");
            result.put("cpu_seconds_per_gib", JsonText.number(result, "cpu_seconds") / (bytes / GIB));
            return result;
        }
        double rate = cell.kind() == Cell.Kind.LOAD ? LoadRate.messagesPerSecond(cell) : 0;
        double most = effort.mostSeconds(cell);
        List<String> arguments = joined(
                "load",
                clientWords,
                List.of(
                        String.valueOf(cell.sizeBytes()),
                        String.valueOf(effort.warmupMessages(cell)),
                        String.valueOf(effort.countOf(cell)),
                        String.valueOf(rate),
                        String.valueOf(most)));
        return JsonText.parse(programs.runClient(
                Programs.java(options, program.getName(), arguments), (int) most + 2 * SECONDS_TO_END));
    }

    private static List<String> joined(String first, List<String> words, List<String> more) {
        List<String> result = new ArrayList<>(List.of(first));
        result.addAll(words);
        result.addAll(more);
        return result;
    }
}
