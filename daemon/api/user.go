package api

func userRoutes() []Route { return nil }
