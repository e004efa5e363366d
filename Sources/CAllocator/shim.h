// The C library's allocator, whose settings Swift's module of it leaves out.
#include <malloc.h>
