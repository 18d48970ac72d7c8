package dev.mailbell.api.admin;

import dev.mailbell.api.http.ClassPathFiles;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import io.javalin.http.Context;
import java.util.Map;

/**
 * The routes of the OpenAPI document and its page (Swagger UI). The page loads nothing from other
 * hosts.
 */
public final class DocsRoutes {
    private static final String HTML = "text/html; charset=utf-8";
    private static final String SCRIPT = "text/javascript; charset=utf-8";
    private static final String STYLE = "text/css; charset=utf-8";
    private static final String WEBJAR = "META-INF/resources/webjars/swagger-ui/";
    private static final String WEBJAR_PROPERTIES =
            "META-INF/maven/org.webjars/swagger-ui/pom.properties";
    // Swagger UI needs inline styles and data: images; only this server's scripts may run.
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
                    + " img-src 'self' data:; connect-src 'self'; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'none'";

    private final byte[] openApi = ClassPathFiles.bytes("openapi.yaml");
    private final byte[] page = ClassPathFiles.bytes("docs/index.html");
    private final Map<String, Asset> assets;

    @SuppressWarnings("ArrayRecordComponent") // bytes for the wire, never compared
    private record Asset(String type, byte[] bytes) {}

    public DocsRoutes() {
        String webjar = WEBJAR + ClassPathFiles.webjarVersion(WEBJAR_PROPERTIES) + "/";
        this.assets =
                Map.of(
                        "swagger-ui.css",
                        new Asset(STYLE, ClassPathFiles.bytes(webjar + "swagger-ui.css")),
                        "swagger-ui-bundle.js",
                        new Asset(SCRIPT, ClassPathFiles.bytes(webjar + "swagger-ui-bundle.js")),
                        "docs.js",
                        new Asset(SCRIPT, ClassPathFiles.bytes("docs/docs.js")));
    }

    public void addTo(Routes routes) {
        // RFC 9512
        routes.getWithoutKey(
                "/openapi.yaml", context -> write(context, "application/yaml", openApi));
        routes.getWithoutKey(
                "/docs",
                context -> {
                    context.header("Content-Security-Policy", POLICY);
                    write(context, HTML, page);
                });
        routes.getWithoutKey("/docs/{asset}", this::asset);
    }

    private void asset(Context context) {
        Asset asset = assets.get(context.pathParam("asset"));
        if (asset == null) {
            throw new ProblemException(Problem.notFound("no such path"));
        }
        context.header("Cache-Control", "public, max-age=3600");
        write(context, asset.type(), asset.bytes());
    }

    private static void write(Context context, String type, byte[] bytes) {
        context.contentType(type).result(bytes);
    }
}
