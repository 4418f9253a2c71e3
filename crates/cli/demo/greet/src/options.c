#include "options.h"

int options_parse(struct options *options, int argc, char **argv)
{
    options->name = argc > 1 ? argv[1] : "world";
    options->loud = 0;
    return argc <= 2;
}
