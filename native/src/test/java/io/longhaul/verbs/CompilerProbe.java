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
package io.longhaul.verbs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Asks a C compiler for the values of constant expressions, for its own processor or another: the program is
/// translated to
/// assembly text, in which the values stand, and never run.
public final class CompilerProbe {
    private static final Pattern ANSWER = Pattern.compile("->(\\d+) (-?\\d+)<-");
    private static final int LIMIT_SECONDS = 60;

    private final List<String> command;
    private final List<String> headers;
    private final Map<String, Long> expected = new LinkedHashMap<>();

    /// A probe by a compiler.
    ///
    /// @param command the compiler and its options
    /// @param headers to include
    public CompilerProbe(List<String> command, List<String> headers) {
        this.command = List.copyOf(command);
        this.headers = List.copyOf(headers);
    }

    /// The command of a compiler for a processor; empty when there is none on this machine.
    ///
    /// @param processor as in the system property `os.arch`
    public static Optional<List<String>> compilerFor(String processor) {
        if (processor.equals(System.getProperty("os.arch"))) {
            return onPath("cc", "gcc", "clang").map(List::of);
        }
        String prefix = processor.equals("amd64") ? "x86_64" : processor;
        // The headers of rdma-core are the same for all processors; those of the C library come first.
        return onPath(prefix + "-linux-gnu-gcc").map(path -> List.of(path, "-idirafter", "/usr/include"));
    }

    private static Optional<String> onPath(String... names) {
        String path = System.getenv().getOrDefault("PATH", "");
        for (String name : names) {
            for (String folder : path.split(File.pathSeparator)) {
                Path candidate = Path.of(folder, name);
                if (Files.isExecutable(candidate)) {
                    return Optional.of(candidate.toString());
                }
            }
        }
        return Optional.empty();
    }

    /// Why this compiler cannot be asked, for example for want of headers; empty when it can.
    public Optional<String> unavailable() throws IOException, InterruptedException {
        Output output = compile("");
        return output.status == 0
                ? Optional.empty()
                : Optional.of(command.getFirst() + " cannot include " + headers + " (libibverbs-dev, librdmacm-dev): "
                        + output.text
                                .lines()
                                .filter(line -> line.contains("error"))
                                .findFirst()
                                .orElse(output.text));
    }

    /// Expects a constant expression to have a value.
    public CompilerProbe expect(String expression, long value) {
        expected.put(expression, value);
        return this;
    }

    /// Expects the offset of a member.
    public CompilerProbe offset(String struct, String member, long value) {
        return expect("offsetof(struct " + struct + ", " + member + ")", value);
    }

    /// Expects the size of a struct.
    public CompilerProbe size(String struct, long value) {
        return expect("sizeof(struct " + struct + ")", value);
    }

    /// The values of all expressions that were expected.
    public Map<String, Long> values() throws IOException, InterruptedException {
        List<String> expressions = new ArrayList<>(expected.keySet());
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < expressions.size(); i++) {
            body.append("    asm volatile(\"#->")
                    .append(i)
                    .append(" %c0<-\" :: \"i\"((long) (")
                    .append(expressions.get(i))
                    .append(")));\n");
        }
        Output output = compile(body.toString());
        assertEquals(0, output.status, output.text);
        Map<String, Long> values = new LinkedHashMap<>();
        Matcher matcher = ANSWER.matcher(output.text);
        while (matcher.find()) {
            values.put(expressions.get(Integer.parseInt(matcher.group(1))), Long.valueOf(matcher.group(2)));
        }
        return values;
    }

    /// Fails when an expression has another value than was expected, naming all that have.
    ///
    /// @param least fewer expectations than these are a fault of the test
    public void verify(int least) throws IOException, InterruptedException {
        assertTrue(expected.size() >= least, () -> "only " + expected.size() + " expressions were expected");
        assertEquals(text(values()), text(expected), String.join(" ", command));
    }

    private static String text(Map<String, Long> values) {
        StringBuilder text = new StringBuilder();
        values.forEach((expression, value) ->
                text.append(expression).append(" = ").append(value).append('\n'));
        return text.toString();
    }

    private record Output(int status, String text) {}

    private Output compile(String body) throws IOException, InterruptedException {
        Path source = Files.createTempFile("probe", ".c");
        try {
            StringBuilder program = new StringBuilder("#include <stddef.h>\n");
            headers.forEach(
                    header -> program.append("#include <").append(header).append(">\n"));
            program.append("void probe(void)\n{\n").append(body).append("}\n");
            Files.writeString(source, program.toString());
            List<String> line = new ArrayList<>(command);
            line.addAll(List.of("-S", "-O0", "-w", "-o", "-", source.toString()));
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), () -> line + " does not end");
            return new Output(process.exitValue(), text);
        } finally {
            Files.delete(source);
        }
    }
}
