package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/mailbell} as it is installed, with a fake Java that records its arguments. */
class LauncherTest {
    private static final String ARCHIVE = "serve-25.0.1+8.jsa";

    @TempDir private Path directory;

    private Path home;
    private Path java;

    @BeforeEach
    void install() throws IOException {
        home = directory.resolve("home");
        java = directory.resolve("java");
        Files.createDirectories(home.resolve("bin/lib"));
        Files.createDirectories(home.resolve("lib"));
        Files.copy(Path.of("bin/mailbell"), home.resolve("bin/mailbell"));
        Files.copy(Path.of("bin/lib/java.sh"), home.resolve("bin/lib/java.sh"));
        executableNow(home.resolve("bin/mailbell"));
        Path jar = Files.writeString(home.resolve("lib/mailbell-1.jar"), "");
        Files.setLastModifiedTime(jar, FileTime.from(Instant.EPOCH));
        Files.createDirectories(java.resolve("bin"));
        Files.createDirectories(java.resolve("lib/server"));
        Files.writeString(java.resolve("lib/server/classes_coh.jsa"), "");
        Files.writeString(
                java.resolve("release"),
                "JAVA_VERSION=\"25.0.1\"\nJAVA_RUNTIME_VERSION=\"25.0.1+8\"\n");
        Files.writeString(
                java.resolve("bin/java"), "#!/bin/sh\nfor a in \"$@\"; do echo \"$a\"; done\n");
        executableNow(java.resolve("bin/java"));
    }

    private static void executableNow(Path path) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** The arguments that Java got. */
    private List<String> run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/mailbell").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().put("JAVA_HOME", java.toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said.lines().toList();
    }

    private static String option(List<String> called, String name) {
        return called.stream()
                .filter(argument -> argument.startsWith(name))
                .map(argument -> argument.substring(name.length()))
                .findFirst()
                .orElse("");
    }

    /** As a daemon does that served and ends: marks, then Java writes. */
    private void served(String content) throws Exception {
        List<String> called = run("serve");
        Path made = Path.of(option(called, "-XX:ArchiveClassesAtExit="));
        Path mark = Path.of(option(called, "-Dmailbell.archive.mark="));
        assertThat(mark.toString()).isEqualTo(made + ".served");
        Files.writeString(mark, "");
        Files.writeString(made, content);
    }

    private static void assertMakesAnew(List<String> called) {
        assertThat(option(called, "-XX:SharedArchiveFile=")).isEmpty();
        assertThat(option(called, "-XX:ArchiveClassesAtExit=")).isNotEmpty();
    }

    @Test
    void it_starts_without_a_home_directory() throws Exception {
        assertThat(run("check-config")).endsWith("check-config");
    }

    @Test
    void only_a_daemon_that_served_leaves_an_archive() throws Exception {
        for (String help : List.of("--help", "-h", "--version")) {
            List<String> called = run("serve", help);
            assertThat(called).noneMatch(argument -> argument.contains("Archive"));
        }
        // One that failed to start writes an archive too, and has no mark.
        Path made = Path.of(option(run("serve"), "-XX:ArchiveClassesAtExit="));
        Files.writeString(made, "of a start that failed");
        assertMakesAnew(run("serve"));
        assertThat(made).doesNotExist();

        served("of a daemon that served");
        assertThat(option(run("serve"), "-XX:SharedArchiveFile="))
                .isEqualTo(home.resolve("lib").toRealPath().resolve(ARCHIVE).toString());
        assertThat(option(run("serve"), "-XX:ArchiveClassesAtExit=")).isEmpty();
        try (Stream<Path> files = Files.list(home.resolve("lib"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("mailbell-1.jar", ARCHIVE, ARCHIVE + ".seal");
        }
    }

    @Test
    void a_truncated_or_foreign_archive_is_created_again() throws Exception {
        Path archive = home.resolve("lib").resolve(ARCHIVE);
        String whole = "a daemon's classes ".repeat(10_000);
        for (String damaged :
                List.of(
                        whole.substring(0, whole.length() - 1),
                        whole.substring(0, 10),
                        "",
                        whole.replaceFirst("a", "b"))) {
            served(whole);
            assertThat(option(run("serve"), "-XX:SharedArchiveFile=")).isNotEmpty();
            Files.writeString(archive, damaged);
            assertMakesAnew(run("serve"));
            assertThat(archive).doesNotExist();
        }
        Files.writeString(archive, "without a seal");
        assertMakesAnew(run("serve"));
    }
}
