package dev.mailbell.api.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The routes that Javalin serves. Knows the methods of a path, for 405 answers, and the template of
 * a request's route, for metrics.
 */
public final class Routes {
    private static final String TABLE = "mailbell.routes";
    private static final String NO_ROUTE = "none";

    private final RoutesConfig javalin;
    private final List<Route> table = new ArrayList<>();

    /**
     * @param template for example {@code /v1/accounts/{id}}
     */
    private record Route(String method, String template, Pattern path) {}

    Routes(RoutesConfig javalin) {
        this.javalin = javalin;
    }

    /** Adds a handler that runs before the routes of matching paths. */
    void before(String path, Handler handler) {
        javalin.before(path, handler);
    }

    public void get(String path, Handler handler) {
        add(HandlerType.GET, path, handler);
    }

    public void post(String path, Handler handler) {
        add(HandlerType.POST, path, handler);
    }

    public void put(String path, Handler handler) {
        add(HandlerType.PUT, path, handler);
    }

    public void patch(String path, Handler handler) {
        add(HandlerType.PATCH, path, handler);
    }

    public void delete(String path, Handler handler) {
        add(HandlerType.DELETE, path, handler);
    }

    private void add(HandlerType method, String path, Handler handler) {
        javalin.addHttpHandler(method, path, handler);
        table.add(new Route(method.name(), path, pattern(path)));
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
