package dev.mailbell.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whether the Debian package stops and starts its service: its scripts as dpkg calls them, on a
 * folder in place of the root, with programs that record how they are called.
 */
class MaintainerScriptsTest {
    private static final String SYSTEMCTL =
            """
            echo "systemctl $*" >>"$ROOT/calls"
            case "$*" in
              show*ActiveState*) echo "ActiveState=$(cat "$ROOT/state")" ;;
              show*=InactiveEnterTimestampMonotonic*)
                echo "InactiveEnterTimestampMonotonic=$(cat "$ROOT/stops")"
                ;;
              *start*) echo active >"$ROOT/state" ;;
            esac
            """;

    /** As Debian's: only what is enabled is started. */
    private static final String INVOKE =
            """
            echo "invoke $*" >>"$ROOT/calls"
            [ ! -e "$ROOT/usr/sbin/policy-rc.d" ] || exit 0
            case "$1" in
              stop)
                [ ! -e "$ROOT/hangs" ] || exit 1
                echo inactive >"$ROOT/state"
                echo stop >>"$ROOT/stops"
                ;;
              start) [ ! -e "$ROOT/enabled" ] || echo active >"$ROOT/state" ;;
            esac
            """;

    @TempDir private Path root;

    @BeforeEach
    void install() throws IOException {
        Files.createDirectories(root.resolve("run/systemd/system"));
        Files.createDirectories(root.resolve("var/lib/mailbell"));
        Files.createDirectories(root.resolve("usr/sbin"));
        Files.createDirectories(root.resolve("bin"));
        program("bin/systemctl", SYSTEMCTL);
        program("bin/deb-systemd-invoke", INVOKE);
        program("bin/deb-systemd-helper", "");
        program("bin/getent", "");
        state("inactive");
        Files.createFile(root.resolve("stops"));
    }

    private void program(String path, String script) throws IOException {
        Path file = Files.writeString(root.resolve(path), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void state(String state) throws IOException {
        Files.writeString(root.resolve("state"), state);
    }

    /** The administrator stops it. */
    private void stop() throws IOException {
        state("inactive");
        Files.writeString(root.resolve("stops"), "stop\n", StandardOpenOption.APPEND);
    }

    private String state() throws IOException {
        return Files.readString(root.resolve("state")).strip();
    }

    private int call(String script, String... arguments) throws Exception {
        return run(script, arguments).status();
    }

    private Shell.Outcome run(String script, String... arguments) throws Exception {
        String text =
                Files.readString(Path.of("packaging/debian", script))
                        .replaceAll("(?<!\\w)/(run|var|usr|etc|opt)/", root + "/$1/");
        Path here = Files.writeString(root.resolve(script), text);
        List<String> command = new ArrayList<>(List.of("sh", here.toString()));
        command.addAll(List.of(arguments));
        return Shell.run(
                command,
                Map.of(
                        "ROOT",
                        root.toString(),
                        "PATH",
                        root.resolve("bin") + ":" + System.getenv("PATH")));
    }

    private void upgrade() throws Exception {
        assertThat(call("prerm", "upgrade", "2")).isZero();
        assertThat(state()).as("while files are replaced").isIn("inactive", "failed");
        assertThat(call("postinst", "configure", "1")).isZero();
        assertThat(root.resolve("run")).isDirectoryNotContaining("glob:**/mailbell*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"active", "activating", "deactivating", "reloading"})
    void what_runs_or_waits_for_its_restart_is_stopped_and_started_again(String state)
            throws Exception {
        state(state);
        // Not enabled, as one that was started by hand.
        upgrade();
        assertThat(state()).isEqualTo("active");
    }

    @ParameterizedTest
    @ValueSource(strings = {"inactive", "failed"})
    void what_does_not_run_stays_so_although_it_is_enabled(String state) throws Exception {
        Files.createFile(root.resolve("enabled"));
        state(state);
        upgrade();
        assertThat(state()).isEqualTo(state);
    }

    @Test
    void an_installation_starts_what_is_enabled() throws Exception {
        assertThat(call("postinst", "configure")).isZero();
        assertThat(state()).isEqualTo("inactive");
        Files.createFile(root.resolve("enabled"));
        assertThat(call("postinst", "configure")).isZero();
        assertThat(state()).isEqualTo("active");

        // Also one after a removal.
        assertThat(call("prerm", "remove")).isZero();
        assertThat(state()).isEqualTo("inactive");
        assertThat(call("postrm", "remove")).isZero();
        assertThat(call("postinst", "configure", "1")).isZero();
        assertThat(state()).isEqualTo("active");
    }

    @Test
    void a_daemon_that_does_not_stop_is_not_upgraded() throws Exception {
        state("active");
        Files.createFile(root.resolve("hangs"));
        assertThat(call("prerm", "upgrade", "2")).isNotZero();
        assertThat(call("prerm", "failed-upgrade", "1", "2")).isNotZero();
        state("inactive");
        assertThat(call("postinst", "abort-upgrade", "2")).isZero();
        assertThat(state()).isEqualTo("active");
    }

    @Test
    void a_daemon_that_the_policy_of_the_machine_keeps_running_is_not_upgraded() throws Exception {
        state("active");
        program("usr/sbin/policy-rc.d", "exit 101");
        for (String[] arguments : new String[][] {{"upgrade", "2"}, {"failed-upgrade", "1", "2"}}) {
            Shell.Outcome outcome = run("prerm", arguments);
            assertThat(outcome.status()).isNotZero();
            assertThat(outcome.said()).contains("still runs", "systemctl stop mailbell");
        }
        assertThat(call("postinst", "abort-upgrade", "2")).isZero();
        // As the text says.
        stop();
        upgrade();
        assertThat(state()).isEqualTo("inactive");
        // A removal goes on.
        state("active");
        assertThat(call("prerm", "remove")).isZero();
    }

    @Test
    void what_the_administrator_stopped_after_an_upgrade_that_did_not_end_stays_so()
            throws Exception {
        // It was stopped, and the administrator started it.
        state("active");
        assertThat(call("prerm", "upgrade", "2")).isZero();
        state("active");
        stop();
        upgrade();
        assertThat(state()).isEqualTo("inactive");

        // It did not stop.
        state("active");
        Files.createFile(root.resolve("hangs"));
        assertThat(call("prerm", "upgrade", "2")).isNotZero();
        Files.delete(root.resolve("hangs"));
        stop();
        upgrade();
        assertThat(state()).isEqualTo("inactive");

        // The upgrade was taken back.
        state("active");
        assertThat(call("prerm", "upgrade", "2")).isZero();
        assertThat(call("postinst", "abort-upgrade", "2")).isZero();
        assertThat(state()).isEqualTo("active");
        stop();
        upgrade();
        assertThat(state()).isEqualTo("inactive");
    }

    @Test
    void a_daemon_that_ends_late_is_started_again() throws Exception {
        state("active");
        Files.createFile(root.resolve("hangs"));
        assertThat(call("prerm", "upgrade", "2")).isNotZero();
        stop();
        assertThat(call("prerm", "failed-upgrade", "1", "2")).isZero();
        assertThat(call("postinst", "configure", "1")).isZero();
        assertThat(state()).isEqualTo("active");
    }

    @Test
    void an_upgrade_after_one_that_did_not_end_still_starts_it() throws Exception {
        state("active");
        assertThat(call("prerm", "upgrade", "2")).isZero();
        upgrade();
        assertThat(state()).isEqualTo("active");
    }

    @Test
    void nothing_is_started_against_the_policy_of_the_machine() throws Exception {
        state("active");
        assertThat(call("prerm", "upgrade", "2")).isZero();
        program("usr/sbin/policy-rc.d", "exit 101");
        assertThat(call("postinst", "configure", "1")).isZero();
        assertThat(state()).isEqualTo("inactive");
        assertThat(Files.readString(root.resolve("calls")))
                .doesNotContain("systemctl --quiet start");
    }
}
