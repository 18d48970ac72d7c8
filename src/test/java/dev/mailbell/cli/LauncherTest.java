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
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/mailbell} as it is installed, with a fake Java that records its arguments. */
class LauncherTest {
    private static final String ARCHIVE = "serve-25.0.1+8.jsa";

    private static final String CACHE = "mailbell.aot";

    /** Says its arguments; trains as well, and refuses a cache where it is told to. */
    private static final String FAKE_JAVA =
            """
            #!/bin/sh
            for a in "$@"; do
              echo "$a"
              case "$a" in
                -Dmailbell.cache.made=*) printf '%s' "trained: linked classes" >"${a#*=}" ;;
                -XX:AOTMode=on) [ ! -e "$(dirname "$0")/refuses" ] || exit 1 ;;
              esac
            done
            [ ! -e "$(dirname "$0")/fails" ] || exit 1
            """;

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
        Files.writeString(java.resolve("lib/server/classes.jsa"), "");
        Files.writeString(java.resolve("lib/server/classes_coh.jsa"), "");
        Files.writeString(
                java.resolve("release"),
                "JAVA_VERSION=\"25.0.1\"\nJAVA_RUNTIME_VERSION=\"25.0.1+8\"\n");
        Files.writeString(java.resolve("bin/java"), FAKE_JAVA);
        executableNow(java.resolve("bin/java"));
    }

    private static void executableNow(Path path) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** The arguments that Java got. */
    private List<String> run(String... arguments) throws Exception {
        Started started = start(Map.of(), arguments);
        assertThat(started.status()).as(started.said()).isZero();
        return started.said().lines().toList();
    }

    private record Started(int status, String said) {}

    private Started start(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/mailbell").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().put("JAVA_HOME", java.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
        return new Started(process.exitValue(), said);
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

    @Test
    void a_command_that_calls_the_api_starts_from_an_archive_that_java_keeps() throws Exception {
        List<String> called = run("accounts", "list");
        assertThat(option(called, "-XX:SharedArchiveFile="))
                .isEqualTo(home.resolve("lib").toRealPath().resolve("cli-25.0.1+8.jsa").toString());
        assertThat(called)
                .contains("-XX:+AutoCreateSharedArchive", "-XX:TieredStopAtLevel=1")
                .doesNotContain("-XX:+UseCompactObjectHeaders")
                .noneMatch(argument -> argument.startsWith("-Dmailbell.stdout.columns"));
        // The first one makes it, with what others need too.
        assertThat(called).contains("-Dmailbell.archive.rehearse=true");
        Path archive = Files.writeString(home.resolve("lib/cli-25.0.1+8.jsa"), "classes");
        assertThat(run("status")).doesNotContain("-Dmailbell.archive.rehearse=true");
        // One that Java was kept from finishing is removed.
        Files.write(archive, new byte[100]);
        assertThat(run("status")).contains("-Dmailbell.archive.rehearse=true");
        assertThat(archive).doesNotExist();
        Files.writeString(archive, "classes");
        Files.setLastModifiedTime(
                home.resolve("lib/mailbell-1.jar"), FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(run("status")).contains("-Dmailbell.archive.rehearse=true");
        assertThat(run("serve")).noneMatch(argument -> argument.contains("cli-25"));
    }

    @Test
    void help_needs_no_build() throws Exception {
        Files.writeString(home.resolve("pom.xml"), "<project/>");
        Files.copy(Path.of("bin/lib/help.txt"), home.resolve("bin/lib/help.txt"));
        Files.createFile(java.resolve("bin/javac"));
        executableNow(java.resolve("bin/javac"));
        assertThat(run("--help"))
                .contains("Usage: mailbell [-hV] COMMAND")
                .last()
                .asString()
                .startsWith("Mailbell is not built yet");
        // An older jar has the help of each command.
        Files.createDirectories(home.resolve("target/lib"));
        Files.writeString(home.resolve("target/mailbell-1.jar"), "");
        Files.createDirectories(home.resolve("src/main"));
        Files.writeString(home.resolve("src/main/Newer.java"), "");
        assertThat(run("accounts", "--help")).contains("accounts", "--help");
        assertThat(run("completion", "bash")).contains("completion", "bash");
    }

    private String usedCache(String... command) throws Exception {
        return option(run(command), "-XX:AOTCache=");
    }

    @Test
    void what_was_trained_is_used_by_every_command_that_works_for_long() throws Exception {
        assertThat(usedCache("serve")).isEmpty();
        List<String> trained = run("train", "--mails", "300");
        assertThat(trained).contains("train", "--mails", "300");
        Path cache = home.resolve("lib").toRealPath().resolve(CACHE);
        assertThat(usedCache("serve")).isEqualTo(cache.toString());
        assertThat(usedCache("demo")).isEqualTo(cache.toString());
        assertThat(usedCache("--version")).isEmpty();
        assertThat(run("serve"))
                .contains("-Xlog:aot=off", "-Xlog:cds=off")
                .noneMatch(argument -> argument.contains("ArchiveClassesAtExit"));
        // Neither by a training, which would train what is trained, nor against the operator's own
        // options.
        assertThat(run("train").indexOf("-XX:AOTCache=" + cache)).isNegative();
        Started own = start(Map.of("MAILBELL_JAVA_OPTS", "-XX:AOTCache=mine"), "serve");
        assertThat(own.said()).contains("-XX:AOTCache=mine").doesNotContain(cache.toString());
        try (Stream<Path> files = Files.list(home.resolve("lib"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("mailbell-1.jar", CACHE, CACHE + ".seal");
        }
    }

    @Test
    void a_cache_of_another_build_or_java_or_a_broken_one_is_ignored_in_silence() throws Exception {
        run("train");
        Path cache = home.resolve("lib").resolve(CACHE);
        String whole = Files.readString(cache);
        for (String damaged :
                List.of(whole.substring(1), whole + "x", "", "T" + whole.substring(1))) {
            Files.writeString(cache, damaged);
            assertThat(usedCache("serve")).as(damaged).isEmpty();
            assertMakesAnew(run("serve"));
        }
        Files.writeString(cache, whole);
        assertThat(usedCache("serve")).isNotEmpty();

        Path jar = home.resolve("lib/mailbell-1.jar");
        Files.writeString(jar, "another build");
        assertThat(usedCache("serve")).isEmpty();
        Files.writeString(jar, "");
        assertThat(usedCache("serve")).isNotEmpty();

        Files.writeString(
                java.resolve("release"),
                "JAVA_VERSION=\"25.0.2\"\nJAVA_RUNTIME_VERSION=\"25.0.2+9\"\n");
        assertThat(usedCache("serve")).isEmpty();
        Files.delete(home.resolve("lib").resolve(CACHE + ".seal"));
        assertThat(usedCache("serve")).isEmpty();
    }

    @Test
    void a_training_that_failed_or_that_java_refuses_leaves_what_was_there() throws Exception {
        run("train");
        Path cache = home.resolve("lib").resolve(CACHE);
        FileTime made = Files.getLastModifiedTime(cache);
        for (String fault : List.of("fails", "refuses")) {
            Files.writeString(java.resolve("bin").resolve(fault), "");
            assertThat(start(Map.of(), "train").status()).as(fault).isEqualTo(1);
            Files.delete(java.resolve("bin").resolve(fault));
            assertThat(Files.getLastModifiedTime(cache)).isEqualTo(made);
            try (Stream<Path> files = Files.list(home.resolve("lib"))) {
                assertThat(files).hasSize(3);
            }
        }
        assertThat(usedCache("serve")).isNotEmpty();
    }

    @Test
    void a_package_starts_with_its_own_java() throws Exception {
        Path own = home.resolve("java/bin/java");
        Files.createDirectories(own.getParent());
        Files.writeString(own, "#!/bin/sh\necho own\n");
        executableNow(own);
        assertThat(run("serve")).containsExactly("own");
    }

    @Test
    void commands_of_a_package_start_from_its_archive_and_never_write_it() throws Exception {
        Path own = home.resolve("java");
        Files.createDirectories(own.resolve("bin"));
        Files.copy(java.resolve("bin/java"), own.resolve("bin/java"));
        executableNow(own.resolve("bin/java"));
        Files.copy(java.resolve("release"), own.resolve("release"));
        assertThat(run("status")).noneMatch(argument -> argument.contains("Archive"));

        Files.writeString(home.resolve("lib/cli-25.0.1+8.jsa"), "classes");
        List<String> called = run("status");
        assertThat(option(called, "-XX:SharedArchiveFile="))
                .isEqualTo(home.resolve("lib").toRealPath().resolve("cli-25.0.1+8.jsa").toString());
        assertThat(called)
                .doesNotContain("-XX:+AutoCreateSharedArchive", "-Dmailbell.archive.rehearse=true");
        assertThat(run("serve")).noneMatch(argument -> argument.contains("cli-25"));
    }
}
