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
package io.longhaul.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The program in README.md compiles and does what the text says, in a JVM of its own, as it is printed.
@Timeout(120)
class ReadmeProgramTest {
    private static final Pattern OUTPUT = Pattern.compile("hello, far side, (\\d+) ms away");
    private static final int LONGEST_LINES = 20;

    @TempDir
    Path folder;

    @Test
    void writesAndReadsOverTheEmulatedLink() throws IOException, InterruptedException {
        final String program = Documents.codeBlock(Documents.read("README.md"), "java");
        assertTrue(program.lines().count() <= LONGEST_LINES, "a program to read at a glance");
        final Path source = folder.resolve("Hello.java");
        Files.writeString(source, program);
        compile(source);

        final Path output = folder.resolve("output");
        final Path errors = folder.resolve("errors");
        final Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        folder + System.getProperty("path.separator") + System.getProperty("java.class.path"),
                        "Hello")
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        final String said = Files.readString(output, StandardCharsets.UTF_8).strip();
        assertEquals(0, process.waitFor(), said + Files.readString(errors, StandardCharsets.UTF_8));
        final Matcher matcher = OUTPUT.matcher(said);
        assertTrue(matcher.matches(), said);
        final int millis = Integer.parseInt(matcher.group(1));
        // A busy machine adds to the round trip; nothing takes away from it.
        assertTrue(millis >= 20 && millis < 500, said);
    }

    private void compile(Path source) throws IOException {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final StringWriter messages = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            final boolean compiled = compiler.getTask(
                            messages,
                            files,
                            null,
                            List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path")),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
            assertTrue(compiled, messages.toString());
        }
    }
}
