package dev.mailbell.ui.page;

import dev.mailbell.api.http.ClassPathFiles;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.client.KeyText;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Style sheet, scripts and picture of the pages, all of this server. A name has a hash of the
 * content, so that browsers keep a file for good and a new version gets its own.
 */
final class Assets {
    static final String PATH = Routes.PAGES + "assets/";
    private static final String WEBJAR = "META-INF/resources/webjars/htmx.org/";
    private static final String WEBJAR_PROPERTIES =
            "META-INF/maven/org.webjars.npm/htmx.org/pom.properties";
    private static final String SCRIPT = "text/javascript; charset=utf-8";
    private static final int HASH_LENGTH = 12;

    private final Map<String, Asset> byHashedName = new HashMap<>();
    private final Map<String, String> paths = new HashMap<>();

    @SuppressWarnings("ArrayRecordComponent") // bytes for the wire, never compared
    private record Asset(String type, byte[] bytes) {}

    Assets() {
        add("style.css", "text/css; charset=utf-8", ClassPathFiles.bytes("ui/style.css"));
        add("page.js", SCRIPT, ClassPathFiles.bytes("ui/page.js"));
        add("events.js", SCRIPT, ClassPathFiles.bytes("ui/events.js"));
        add("portal.js", SCRIPT, ClassPathFiles.bytes("ui/portal.js"));
        add("icon.svg", "image/svg+xml", ClassPathFiles.bytes("ui/icon.svg"));
        add(
                "htmx.js",
                SCRIPT,
                ClassPathFiles.bytes(
                        WEBJAR
                                + ClassPathFiles.webjarVersion(WEBJAR_PROPERTIES)
                                + "/dist/htmx.min.js"));
    }

    private void add(String name, String type, byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        String hash = HexFormat.of().formatHex(KeyText.sha256(text)).substring(0, HASH_LENGTH);
        String hashed = name.replaceFirst("\\.", "." + hash + ".");
        byHashedName.put(hashed, new Asset(type, bytes));
        paths.put(name, PATH + hashed);
    }

    /** The path of each file by its plain name. */
    Map<String, String> paths() {
        return paths;
    }

    void addTo(Routes routes) {
        routes.getWithoutKey(PATH + "{name}", this::serve);
    }

    private void serve(Context context) {
        Asset asset = byHashedName.get(context.pathParam("name"));
        if (asset == null) {
            throw new ProblemException(Problem.notFound("no such file"));
        }
        context.header("Cache-Control", "public, max-age=31536000, immutable");
        context.contentType(asset.type()).result(asset.bytes());
    }
}
