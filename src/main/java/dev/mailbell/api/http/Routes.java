package dev.mailbell.api.http;

import dev.mailbell.client.Scope;
import dev.mailbell.fairness.ActingClient;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The routes that Javalin serves, each with the scope that it requires. Knows the methods of a
 * path, for 405 answers, and the template of a request's route, for metrics.
 */
public final class Routes {
    private static final String TABLE = "mailbell.routes";
    private static final String MATCHED = "mailbell.route";
    private static final String NO_ROUTE = "none";

    /** {@link AccessFilter} authenticates the requests of these paths. */
    static final String KEYED = "/v1/";

    /** The pages for people; what they show and do wants a session. */
    public static final String PAGES = "/ui/";

    private final RoutesConfig javalin;
    private final List<Route> table = new ArrayList<>();

    /**
     * A route as it was added.
     *
     * @param template for example {@code /v1/accounts/{id}}
     * @param scope empty for a route that answers without a key
     */
    public record Declared(String method, String template, Optional<Scope> scope) {}

    private record Route(Declared declared, Pattern path) {
        String method() {
            return declared.method();
        }

        String template() {
            return declared.template();
        }
    }

    Routes(RoutesConfig javalin) {
        this.javalin = javalin;
    }

    /** Adds a handler that runs before the routes of matching paths. */
    public void before(String path, Handler handler) {
        javalin.before(path, handler);
    }

    /** Adds a handler that runs after the routes of matching paths, also when they failed. */
    void after(String path, Handler handler) {
        javalin.after(path, handler);
    }

    /** Adds a route that answers without a key, such as a health check. */
    public void getWithoutKey(String path, Handler handler) {
        add(HandlerType.GET, path, null, handler);
    }

    /** Adds a route that answers without a key. */
    public void postWithoutKey(String path, Handler handler) {
        add(HandlerType.POST, path, null, handler);
    }

    public void get(String path, Scope scope, Handler handler) {
        add(HandlerType.GET, path, scope, handler);
    }

    public void post(String path, Scope scope, Handler handler) {
        add(HandlerType.POST, path, scope, handler);
    }

    public void put(String path, Scope scope, Handler handler) {
        add(HandlerType.PUT, path, scope, handler);
    }

    public void patch(String path, Scope scope, Handler handler) {
        add(HandlerType.PATCH, path, scope, handler);
    }

    public void delete(String path, Scope scope, Handler handler) {
        add(HandlerType.DELETE, path, scope, handler);
    }

    /**
     * The check of the scope is part of the handler that Javalin calls. No other spelling of a path
     * can reach the handler without the check.
     */
    private void add(HandlerType method, String path, @Nullable Scope scope, Handler handler) {
        boolean keyed = path.startsWith(KEYED);
        if (keyed ? scope == null : scope != null && !path.startsWith(PAGES)) {
            throw new IllegalArgumentException(
                    path + ": a key is required under " + KEYED + ", a session at most elsewhere");
        }
        Declared route = new Declared(method.name(), path, Optional.ofNullable(scope));
        javalin.addHttpHandler(
                method,
                path,
                context -> {
                    context.attribute(MATCHED, route);
                    if (scope == null) {
                        handler.handle(context);
                    } else {
                        AccessFilter.require(context, scope);
                        handle(context, handler);
                    }
                });
        table.add(new Route(route, pattern(path)));
    }

    /** Handles a request for the client that sent it. */
    private static void handle(Context context, Handler handler) throws Exception {
        ActingClient.call(
                AccessFilter.principal(context).clientId(),
                () -> {
                    handler.handle(context);
                    return context;
                });
    }

    /** The route that handled a request; empty for an unknown path or method. */
    static Optional<Declared> matched(Context context) {
        return Optional.ofNullable(context.attribute(MATCHED));
    }

    /** All routes, in the order in which they were added. */
    List<Declared> declared() {
        return table.stream().map(Route::declared).toList();
    }

    /** Javalin's syntax: {@code {x}} is one segment, {@code <x>} one or more. */
    private static Pattern pattern(String path) {
        return Pattern.compile(
                path.replaceAll("\\{[^}]*}", "[^/]+").replaceAll("<[^>]*>", ".+") + "/?");
    }

    /** Makes this table available to {@link #allowed} and {@link #template}. */
    void attachTo(Context context) {
        context.attribute(TABLE, this);
    }

    /** The methods of a request's path. */
    static List<String> allowed(Context context) {
        Routes routes = context.attribute(TABLE);
        if (routes == null) {
            return List.of();
        }
        List<String> methods = new ArrayList<>();
        for (Route route : routes.table) {
            if (route.path().matcher(context.path()).matches()
                    && !methods.contains(route.method())) {
                methods.add(route.method());
            }
        }
        if (methods.contains("GET")) {
            methods.add("HEAD");
        }
        return methods;
    }

    /** The template of a request's route; {@code none} for an unknown path. */
    static String template(Context context) {
        Routes routes = context.attribute(TABLE);
        if (routes == null) {
            return NO_ROUTE;
        }
        String method = context.req().getMethod();
        String samePath = NO_ROUTE;
        for (Route route : routes.table) {
            if (route.path().matcher(context.path()).matches()) {
                if (route.method().equals(method)
                        || (route.method().equals("GET") && method.equals("HEAD"))) {
                    return route.template();
                }
                samePath = route.template();
            }
        }
        return samePath;
    }
}
