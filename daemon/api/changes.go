package api

func changeRoutes() []Route { return nil }
