package dev.mailbell.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mailbell.e2e.Receiver;
import dev.mailbell.e2e.Rest;
import dev.mailbell.mail.scripted.FakeImap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * The packages as {@code bin/package} makes them of what Maven built, with a given cache that Java
 * does not start from: they are the same twice, the archive runs, and the Debian package is
 * installed, upgraded while its daemon works, and removed. These run side by side.
 */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PackagesIT {
    /** The folder that {@code bin/package} writes, one run at a time. */
    private static final String PACKAGES = "target/package";

    private static final String KEY = "mbk_operator_of_this_test";
    private static final Pattern READY = Pattern.compile("Mailbell is ready at (http://\\S+),");

    /** systemctl as far as the package and this test use it, for one service. */
    private static final String SYSTEMCTL =
            """
            #!/bin/bash
            echo "$*" >>/run/systemctl.log
            pid=$(cat /run/daemon.pid 2>/dev/null)
            running() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
            case " $* " in
              *" is-active "*) running ;;
              *" show "*) if running; then echo ActiveState=active; else echo ActiveState=inactive; fi ;;
              *" is-enabled "*) ls /etc/systemd/system/*/mailbell.service >/dev/null && echo enabled ;;
              *" stop "*)
                if running; then
                  kill -TERM "$pid"
                  tail --pid="$pid" -f /dev/null
                fi
                ;;
              *" start "*)
                if ! running; then
                  exec=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/mailbell.service)
                  # shellcheck disable=SC2046
                  setsid setpriv --reuid mailbell --regid mailbell --clear-groups env -i PATH=/usr/bin:/bin \\
                    $(grep ^MAILBELL /etc/mailbell/environment) $exec >>/run/daemon.log 2>&1 </dev/null &
                  echo $! >/run/daemon.pid
                fi
                ;;
            esac
            """;

    /** Of a daemon that begins, beside the packing of a package. */
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    @TempDir private static Path directory;

    /** What the first run made; a second one writes beside it. */
    private static Path first;

    @BeforeAll
    static void make() throws Exception {
        assumeTrue(Shell.has("dpkg-deb"), "Debian's tools");
        assumeTrue(
                Files.exists(Path.of("target/mailbell-sbom.json")),
                "the SBOM, which Maven does not make offline");
        Path packages = pack();
        first = Files.createDirectory(directory.resolve("first"));
        Files.move(made(packages, ".deb"), first.resolve("mailbell.deb"));
        Files.move(made(packages, ".tar.gz"), first.resolve("mailbell.tar.gz"));
        Files.move(packages.resolve("SHA256SUMS"), first.resolve("SHA256SUMS"));
    }

    /** Returns where the packages are. */
    private static Path pack() throws Exception {
        List<String> command =
                List.of("bin/package", "--built", "--fast", "--cache", cache(directory).toString());
        Shell.run(command, Map.of("JAVA_HOME", System.getProperty("java.home"))).expect(0);
        return Path.of("target/package").toAbsolutePath();
    }

    /** A cache without an archive of classes, in a folder that is not that of the packages. */
    private static Path cache(Path folder) throws Exception {
        Path cache = folder.resolve("given.aot");
        Files.writeString(cache, "no cache of any Java");
        seal(cache);
        return cache;
    }

    private static void seal(Path file) throws Exception {
        seal(file, "cache_seal \"$1\" target/mailbell-*.jar \"$2\"");
    }

    /** The seal of an archive of classes of a commit of this time. */
    private static void sealArchive(Path file, String time) throws Exception {
        seal(
                file,
                "{ cache_seal \"$1\" target/mailbell-*.jar \"$2\"; echo " + time + "; } | cksum");
    }

    private static void seal(Path file, String seal) throws Exception {
        List<String> command =
                List.of(
                        "bash",
                        "-c",
                        ". bin/lib/java.sh && " + seal + " >\"$2.seal\"",
                        "bash",
                        System.getProperty("java.home"),
                        file.toString());
        Shell.run(command, Map.of()).expect(0);
    }

    private static Path made(Path packages, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(packages)) {
            return files.filter(file -> file.toString().endsWith(suffix)).findFirst().orElseThrow();
        }
    }

    @Test
    @ResourceLock(PACKAGES)
    void two_runs_make_the_same_files() throws Exception {
        String sums = Files.readString(first.resolve("SHA256SUMS"));
        assertThat(sums.lines().map(line -> line.replaceFirst(".*\\.", "")))
                .containsExactly("gz", "json", "deb");
        assertThat(Files.readString(pack().resolve("SHA256SUMS"))).isEqualTo(sums);
    }

    @Test
    @ResourceLock(PACKAGES)
    void an_archive_of_classes_of_another_build_or_that_java_refuses_is_not_packed(
            @TempDir Path folder) throws Exception {
        Path cache = cache(folder);
        Path archive = Path.of(cache + ".jsa");
        List<String> command =
                List.of("bin/package", "--built", "--tree", "--cache", cache.toString());
        String time = "1795900000";
        Map<String, String> environment =
                Map.of("JAVA_HOME", System.getProperty("java.home"), "SOURCE_DATE_EPOCH", time);

        Files.writeString(archive, "no archive of any Java");
        Files.writeString(Path.of(archive + ".seal"), "of another build");
        assertThat(Shell.run(command, environment).expect(1))
                .contains(archive + " has no seal beside it, or is for another build");

        sealArchive(archive, time);
        assertThat(Shell.run(command, environment).expect(1))
                .contains("package: starting Java from the archive of classes", "failed");
    }

    @Test
    void the_archive_runs_where_it_is_unpacked() throws Exception {
        Shell.run(
                        List.of(
                                "tar",
                                "-C",
                                directory.toString(),
                                "-xzf",
                                first.resolve("mailbell.tar.gz").toString()),
                        Map.of())
                .expect(0);
        Path home;
        try (Stream<Path> files = Files.list(directory)) {
            home =
                    files.filter(file -> file.getFileName().toString().startsWith("mailbell-"))
                            .findFirst()
                            .orElseThrow();
        }
        assertThat(home.resolve("docs/examples/receiver.py")).exists();
        assertThat(home.resolve("config/mailbell.yaml")).exists();
        assertThat(home.resolve("LICENSE")).exists();
        Path data = directory.resolve("data");
        Path log = directory.resolve("archive.log");
        ProcessBuilder builder =
                new ProcessBuilder(home.resolve("bin/mailbell").toString(), "serve")
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("MAILBELL_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("MAILBELL_DATA_DIR", data.toString());
        builder.environment().putAll(settings());
        Process daemon = builder.start();
        try (Receiver receiver = new Receiver();
                FakeImap mail = new FakeImap()) {
            URI ready =
                    await().atMost(PATIENCE)
                            .until(() -> readyAt(Files.readString(log)), Optional::isPresent)
                            .orElseThrow();
            Rest rest = new Rest(ready, KEY);
            registerAt(rest, mail, receiver);
            mail.deliver("ann");
            await().until(() -> announced(receiver) == 1);
        } finally {
            daemon.destroy();
            assertThat(daemon.waitFor(180, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(daemon.exitValue()).isZero();
        assertThat(home.resolve("target")).doesNotExist();
    }

    /** An event that is refused is tried again and again soon, however long the upgrade takes. */
    private static Map<String, String> settings() {
        return Map.of(
                "MAILBELL_ADMIN_KEY", KEY,
                "MAILBELL_HTTP_PORT", "0",
                "MAILBELL_WEBHOOKS_RETRY_SCHEDULE", "5s" + ",5s".repeat(20),
                "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1");
    }

    private static Optional<URI> readyAt(String text) {
        Matcher matcher = READY.matcher(text);
        @Nullable URI last = null;
        while (matcher.find()) {
            last = URI.create(matcher.group(1));
        }
        return Optional.ofNullable(last);
    }

    private static void registerAt(Rest rest, FakeImap mail, Receiver receiver) throws Exception {
        receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
        String id = rest.registerAccount("imap", mail.port(), "ann", "secret");
        await().until(() -> rest.stateOf(id).equals("watching"));
    }

    private static int announced(Receiver receiver) {
        return receiver.events().stream()
                .filter(event -> event.path("type").stringValue().equals("mail.new"))
                .mapToInt(event -> event.path("data").path("newCount").intValue())
                .sum();
    }

    @Test
    void the_debian_package_is_installed_upgraded_while_it_works_and_removed() throws Exception {
        assumeTrue(OwnRoot.isPossible(), "root that may mount");
        Path mountPoint = Files.createDirectory(directory.resolve("root"));
        CompletableFuture<Path> newer = CompletableFuture.supplyAsync(PackagesIT::newer);
        try (OwnRoot root = OwnRoot.create(mountPoint, first);
                Receiver receiver = new Receiver();
                FakeImap mail = new FakeImap()) {
            sayThatJavaIsMissing(root);
            install(root);
            Rest rest = start(root);
            registerAt(rest, mail, receiver);
            mail.deliver("ann");
            await().until(() -> announced(receiver) == 1);

            assertThat(newer.get()).exists();
            // Not taken before the upgrade: it is pending.
            receiver.answer(() -> 503);
            mail.deliver("ann");
            await().until(() -> events(rest) >= 4);
            CompletableFuture<Shell.Outcome> upgrade =
                    CompletableFuture.supplyAsync(() -> dpkg(root, "-i /tmp/packages/newer.deb"));
            // While it is away, or after that on a machine that is too busy to see it.
            await().until(() -> mail.openSessions() == 0 || upgrade.isDone());
            mail.deliver("ann");
            receiver.answer(() -> 204);
            upgrade.get().expect(0);
            String log = log(root, 2);
            assertThat(log).contains("Stopped");
            assertThat(log.indexOf("Stopped")).isLessThan(log.lastIndexOf("Mailbell is ready"));
            await().until(() -> announced(receiver) == 3);
            assertThat(root.run("dpkg-query -W -f '${Version}' mailbell").expect(0))
                    .contains("+newer");

            remove(root);
            assertThat(announced(receiver)).isEqualTo(3);
        }
    }

    private static Shell.Outcome dpkg(OwnRoot root, String arguments) {
        try {
            return root.run("dpkg " + arguments);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same package as a later version. */
    private static Path newer() {
        Path tree = directory.resolve("tree");
        Path newer = first.resolve("newer.deb");
        try {
            Shell.run(
                            List.of(
                                    "dpkg-deb",
                                    "-R",
                                    first.resolve("mailbell.deb").toString(),
                                    tree.toString()),
                            Map.of())
                    .expect(0);
            Path control = tree.resolve("DEBIAN/control");
            Files.writeString(
                    control,
                    Files.readString(control).replaceFirst("(?m)^(Version: .*)$", "$1+newer"));
            List<String> build =
                    new ArrayList<>(List.of("dpkg-deb", "-Znone", "--root-owner-group", "-b"));
            build.addAll(List.of(tree.toString(), newer.toString()));
            Shell.run(build, Map.of()).expect(0);
            return newer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the package was made", e);
        }
    }

    private static void sayThatJavaIsMissing(OwnRoot root) throws IOException {
        root.run(
                        "mkdir /srv/archive && tar -C /srv/archive --strip-components=1 -xzf"
                                + " /tmp/packages/mailbell.tar.gz")
                .expect(0);
        assertThat(root.run("/srv/archive/bin/mailbell serve").expect(1))
                .contains("there is no Java 25 or newer", "Temurin 25")
                .doesNotContain("aven");
        root.run(
                        "mkdir -p /usr/lib/jvm/old/bin && printf '#!/bin/sh\\n'"
                                + " >/usr/lib/jvm/old/bin/java && chmod 755 /usr/lib/jvm/old/bin/java"
                                + " && echo 'JAVA_VERSION=\"17.0.9\"' >/usr/lib/jvm/old/release")
                .expect(0);
        assertThat(root.run("/srv/archive/bin/mailbell serve").expect(1))
                .contains("too old: 17 in /usr/lib/jvm/old");
    }

    /** A service is neither there nor allowed to start. */
    private static void install(OwnRoot root) throws IOException {
        root.run("userdel mailbell 2>/dev/null; dpkg -i /tmp/packages/mailbell.deb").expect(0);
        assertThat(root.run("mailbell --version").expect(0)).contains("Mailbell", "Java 25");
        assertThat(root.run("stat -c '%U %G %a' /var/lib/mailbell").expect(0))
                .isEqualTo("mailbell mailbell 700\n");
        for (String file : List.of("environment", "mailbell.yaml")) {
            assertThat(root.run("stat -c '%U %G %a' /etc/mailbell/" + file).expect(0))
                    .isEqualTo("root mailbell 640\n");
        }
        assertThat(root.run("ls /etc/systemd/system/multi-user.target.wants").expect(0))
                .contains("mailbell.service");
        String java =
                "/opt/mailbell/java/bin/java -Xshare:on -XX:SharedArchiveFile=$(echo /opt/mailbell/lib/cli-*.jsa) -Xlog:class+load"
                        + " -cp $(echo /opt/mailbell/lib/mailbell-*.jar) dev.mailbell.cli.Main --version";
        assertThat(root.run(java).expect(0))
                .contains("dev.mailbell.cli.Main source: shared objects file");
        root.run("cd / && md5sum --quiet -c /var/lib/dpkg/info/mailbell.md5sums").expect(0);
        String unit = root.run("systemd-analyze verify mailbell.service").expect(0);
        assertThat(unit.lines().filter(line -> line.contains("mailbell.service"))).isEmpty();
        assertThat(root.run("pgrep -u mailbell").status()).as("nothing was started").isEqualTo(1);
    }

    private static Rest start(OwnRoot root) throws IOException {
        root.write("/usr/bin/systemctl", "755", SYSTEMCTL);
        root.run("mkdir -p /run/systemd/system && rm /usr/sbin/policy-rc.d").expect(0);
        StringBuilder environment = new StringBuilder();
        settings()
                .forEach((name, value) ->
                        environment.append(name).append('=').append(value).append('\n'));
        root.write("/etc/mailbell/environment", "640", environment.toString());
        root.run("systemctl start mailbell.service").expect(0);
        return new Rest(readyAt(log(root, 1)).orElseThrow(), KEY);
    }

    /** The daemon's log, once it has been ready so many times. */
    private static String log(OwnRoot root, int times) {
        List<String> last = new ArrayList<>(List.of(""));
        await().atMost(PATIENCE)
                .until(() -> {
                    last.set(0, root.run("cat /run/daemon.log").said());
                    return READY.matcher(last.getFirst()).results().count() >= times;
                });
        return last.getFirst();
    }

    private static int events(Rest rest) {
        return rest.get("/v1/events").expect(200).path("items").size();
    }

    private static void remove(OwnRoot root) throws IOException {
        root.run("dpkg -r mailbell").expect(0);
        assertThat(root.run("pgrep -u mailbell").status()).as("it was stopped").isEqualTo(1);
        assertThat(root.run("ls -A /opt/mailbell").status()).as("its files are gone").isNotZero();
        assertThat(root.run("cat /etc/mailbell/environment").expect(0)).contains(KEY);
        assertThat(root.run("dpkg -P mailbell").expect(0)).contains("stay in /var/lib/mailbell");
        assertThat(root.run("ls /etc/mailbell").status()).isNotZero();
        assertThat(root.run("ls /var/lib/mailbell").expect(0)).contains("keyset.json", "database");
    }
}
