package dev.mailbell.api.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The table of routes: what Javalin serves, and which methods a path has. */
public final class Routes {
    private static final String TABLE = "mailbell.routes";
    private static final String NO_ROUTE = "none";

    private final RoutesConfig javalin;
    private final List<Route> table = new ArrayList<>();

    /**
     * @param template as it was given, for example {@code /v1/accounts/{id}}
     */
    private record Route(String method, String template, Pattern path) {}

    Routes(RoutesConfig javalin) {
        this.javalin = javalin;
    }

    /** What all requests to some paths go through first. */
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

    /** {@code {x}} is one segment, {@code <x>} one or more, as Javalin has it. */
    private static Pattern pattern(String path) {
        return Pattern.compile(
                path.replaceAll("\\{[^}]*}", "[^/]+").replaceAll("<[^>]*>", ".+") + "/?");
    }

    /** Lets {@link #allowed} be asked while a request is served. */
    void attachTo(Context context) {
        context.attribute(TABLE, this);
    }

    /** The methods that a request's path has. */
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

    /** The route that a request is for, as it was given; {@code none} where there is none. */
    static String template(Context context) {
        Routes routes = context.attribute(TABLE);
        if (routes == null) {
            return NO_ROUTE;
        }
        String method = context.req().getMethod();
        String otherMethods = NO_ROUTE;
        for (Route route : routes.table) {
            if (route.path().matcher(context.path()).matches()) {
                if (route.method().equals(method)
                        || (route.method().equals("GET") && method.equals("HEAD"))) {
                    return route.template();
                }
                otherMethods = route.template();
            }
        }
        return otherMethods;
    }
}
